/** Requests and the connections that they use. */
import { describe, expect, test } from 'vitest';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import {
  answerTo,
  body,
  create,
  get,
  longMs,
  shortMs,
  update,
} from '../fixtures/api/one-request.ts';
import { hangUp, json, stall, startServer, status, text } from '../fixtures/api/scripted-server.ts';

describe('a request', () => {
  test.for([
    [get, 'GET', '/apis/coordination.k8s.io/v1/namespaces/default/leases/lock', ''],
    [
      create,
      'POST',
      '/apis/coordination.k8s.io/v1/namespaces/default/leases',
      JSON.stringify(body),
    ],
    [
      update,
      'PUT',
      '/apis/coordination.k8s.io/v1/namespaces/default/leases/lock',
      JSON.stringify(body),
    ],
  ] as const)('is %j as %s %s', async ([request, method, path, sent]) => {
    const { server } = await answerTo(json(200, body), request);
    const [received] = server.received;
    expect(received).toMatchObject({ method, path, body: sent });
    expect(received?.headers).toMatchObject({
      accept: 'application/json',
      'user-agent': 'leader-run/0.0.0-test',
    });
    expect(received?.headers['content-type']).toBe(sent === '' ? undefined : 'application/json');
  });

  test('goes below the path of the server, as Rancher has it', async () => {
    const server = await startServer([json(200, body)]);
    const api = connect(writeKubeconfig({ server: `${server.url}/k8s/clusters/c-1/` }));
    await api.send(get, longMs).answer;
    expect(server.received[0]?.path).toBe(
      '/k8s/clusters/c-1/apis/coordination.k8s.io/v1/namespaces/default/leases/lock',
    );
  });

  test('and those after it share one connection', async () => {
    const server = await startServer([json(200, body)]);
    const api = connect(writeKubeconfig({ server: server.url }));
    for (let i = 0; i < 20; i += 1) await api.send(i % 2 === 0 ? get : update, longMs).answer;
    expect(server.connections()).toBe(1);
  });
});

describe('a write', () => {
  test('is sent once and never again, whatever happens to it', async () => {
    for (const respond of [hangUp, status(503, ''), status(429, ''), text(200, '<')]) {
      const { server } = await answerTo(respond, update);
      expect(server.received.length).toBe(1);
    }
  });
});

describe('an abandoned request', () => {
  test('never answers, and its connection is closed', async () => {
    const server = await startServer([stall, json(200, body)]);
    const api = connect(writeKubeconfig({ server: server.url }));
    const abandoned = api.send(update, shortMs);
    let isAnswered = false;
    void abandoned.answer.then(() => (isAnswered = true));
    await server.arrived(1);
    abandoned.abandon();
    await server.drained();
    // The same time-out, later: it would have come by now.
    expect(await api.send(get, longMs).answer).toMatchObject({ id: 'lease' });
    await api.send(get, longMs).answer;
    expect(server.received.map(({ connection }) => connection)).toEqual([1, 2, 2]);
    expect(isAnswered).toBe(false);
  });

  test('is not sent if it was abandoned at once', async () => {
    const server = await startServer([json(200, body)]);
    const api = connect(writeKubeconfig({ server: server.url }));
    api.send(update, longMs).abandon();
    await api.send(get, longMs).answer;
    expect(server.received.map(({ method }) => method)).toEqual(['GET']);
  });

  test('does not disturb the connection when it was answered before', async () => {
    const server = await startServer([json(200, body)]);
    const api = connect(writeKubeconfig({ server: server.url }));
    const first = api.send(get, longMs);
    await first.answer;
    const second = api.send(get, longMs);
    first.abandon();
    await second.answer;
    expect(server.connections()).toBe(1);
  });
});

describe('close', () => {
  test('ends the connections in use, and nothing answers any more', async () => {
    const server = await startServer([stall]);
    const api = connect(writeKubeconfig({ server: server.url }));
    let isAnswered = false;
    void api.send(get, longMs).answer.then(() => (isAnswered = true));
    api.watch('1', longMs, () => (isAnswered = true));
    await server.arrived(2);
    api.close();
    await server.drained();
    expect(isAnswered).toBe(false);
  });

  test('ends an idle connection, too', async () => {
    const server = await startServer([json(200, body)]);
    const api = connect(writeKubeconfig({ server: server.url }));
    await api.send(get, longMs).answer;
    api.close();
    await server.drained();
  });
});
