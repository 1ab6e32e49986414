/** What becomes of a request that gets no answer, and of the next one. */
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import {
  answerTo,
  body,
  failureOf,
  get,
  longMs,
  rawServer,
  shortMs,
} from '../fixtures/api/one-request.ts';
import {
  hangUp,
  json,
  stall,
  startServer,
  status,
  text,
  type Respond,
} from '../fixtures/api/scripted-server.ts';

describe('no answer', () => {
  test('a server that says nothing is a time-out, and the connection is closed', async () => {
    const { answer, server } = await answerTo(stall, get, shortMs);
    expect(answer).toEqual({ id: 'failed', failure: { reason: 'timeout', afterMs: shortMs } });
    await server.drained();
  });

  test('a body that stalls is a time-out, and the next request has a connection of its own', async () => {
    const halfway: Respond = (response) => {
      response.writeHead(200, { 'Content-Length': 1_000 });
      response.write('{');
    };
    const server = await startServer([halfway, json(200, body)]);
    const api = connect(writeKubeconfig({ server: server.url }));
    expect(await api.send(get, shortMs).answer).toMatchObject({ failure: { reason: 'timeout' } });
    expect(await api.send(get, longMs).answer).toMatchObject({ id: 'lease' });
    expect(server.received[1]?.connection).toBe(2);
  });

  test('a body that drips does not outlive the time-out', async () => {
    const drip: Respond = (response) => {
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
    };
    expect(await failureOf(drip, get, shortMs)).toEqual({ reason: 'timeout', afterMs: shortMs });
  });

  test('a connection that is never accepted by TLS is a time-out', async () => {
    const port = await rawServer(() => undefined);
    const api = connect(writeKubeconfig({ server: `https://127.0.0.1:${port}` }));
    expect(await api.send(get, shortMs).answer).toMatchObject({ failure: { reason: 'timeout' } });
  });

  test('a server that hangs up', async () => {
    expect(await failureOf(hangUp)).toMatchObject({ reason: 'network', code: 'ECONNRESET' });
  });

  test('nobody listens', async () => {
    const port = await closedPort();
    const api = connect(writeKubeconfig({ server: `http://localhost:${port}` }));
    const answer = await api.send(get, longMs).answer;
    expect(answer).toMatchObject({ failure: { reason: 'network', code: 'ECONNREFUSED' } });
    expect((answer as { failure: { message: string } }).failure.message).toContain('ECONNREFUSED');
  });

  test('a name that does not exist', async () => {
    const api = connect(writeKubeconfig({ server: 'https://no-such-host.invalid' }));
    const answer = await api.send(get, longMs).answer;
    expect(answer).toMatchObject({ failure: { reason: 'network' } });
    expect(JSON.stringify(answer)).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  test('TLS where the server speaks none', async () => {
    const server = await startServer([json(200, body)]);
    const api = connect(writeKubeconfig({ server: server.url.replace('http:', 'https:') }));
    expect(await api.send(get, longMs).answer).toMatchObject({ failure: { reason: 'network' } });
  });

  test('after any of these the next request is answered', async () => {
    const server = await startServer([
      hangUp,
      text(200, '<'),
      stall,
      status(500, ''),
      json(200, body),
    ]);
    const api = connect(writeKubeconfig({ server: server.url }));
    const seen: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const answer = await api.send(get, i === 2 ? shortMs : longMs).answer;
      seen.push(answer.id === 'failed' ? answer.failure.reason : answer.id);
    }
    expect(seen).toEqual(['network', 'malformed', 'timeout', 'status', 'lease']);
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
