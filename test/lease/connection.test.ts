import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import type { LeaseRequest, RawLease } from '../../src/election/lease.ts';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import {
  hangUp,
  json,
  leaseObject,
  stall,
  startServer,
  status,
  text,
  type Respond,
} from '../fixtures/api/scripted-server.ts';
import { listen } from '../fixtures/listen.ts';

const longMs = 30_000;
const shortMs = 150;

/** The answer to one request when the server does this. */
async function answerTo(respond: Respond, request: LeaseRequest = get, timeoutMs = longMs) {
  const server = await startServer([respond]);
  const api = connect(writeKubeconfig({ server: server.url }));
  return { answer: await api.send(request, timeoutMs).answer, server };
}

async function failureOf(...args: Parameters<typeof answerTo>) {
  const { answer } = await answerTo(...args);
  return answer.id === 'failed' ? answer.failure : answer;
}

const get: LeaseRequest = { id: 'get' };
const body = leaseObject('7', { holderIdentity: 'a', strange: [1, null, { 'x.y': 'ü' }] });
const create: LeaseRequest = { id: 'create', body: body as RawLease };
const update: LeaseRequest = { id: 'update', body: body as RawLease };

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

describe('an answer', () => {
  test('carries the object with all its fields, and the time of the server', async () => {
    const { answer } = await answerTo(
      json(200, body, { Date: 'Sat, 21 Nov 2026 07:00:00 GMT' }),
      update,
    );
    const serverTimeMs = Date.UTC(2026, 10, 21, 7);
    expect(answer).toEqual({ id: 'lease', lease: body, serverTimeMs });
  });

  test('has no server time if the server tells none, or rubbish', async () => {
    const respond = (response: Parameters<Respond>[0]) => {
      response.sendDate = false;
      response.end(JSON.stringify(body));
    };
    expect((await answerTo(respond)).answer).toMatchObject({ id: 'lease', serverTimeMs: null });
    const rubbish = json(200, body, { Date: 'yesterday' });
    expect((await answerTo(rubbish)).answer).toMatchObject({ serverTimeMs: null });
  });

  test('201 is a Lease, too', async () => {
    expect((await answerTo(json(201, body), create)).answer).toMatchObject({ id: 'lease' });
  });

  test('409 is a conflict, of an update as of a create', async () => {
    const exists = status(409, 'leases "lock" already exists', 'AlreadyExists');
    expect((await answerTo(exists, create)).answer).toEqual({ id: 'conflict' });
    expect((await answerTo(exists, update)).answer).toEqual({ id: 'conflict' });
  });

  test('404 means that there is no Lease, or for a create no namespace', async () => {
    const missing = status(404, 'namespaces "default" not found', 'NotFound');
    expect((await answerTo(missing, get)).answer).toMatchObject({ id: 'not-found' });
    expect((await answerTo(missing, update)).answer).toMatchObject({ id: 'not-found' });
    expect(await failureOf(missing, create)).toEqual({
      reason: 'no-namespace',
      message: 'namespaces "default" not found',
    });
  });

  test('404 of something that is no API server says nothing about the Lease', async () => {
    for (const request of [get, create, update]) {
      expect(await failureOf(text(404, '404 page not found'), request)).toEqual({
        reason: 'status',
        status: 404,
        message: 'Not Found',
        retryAfterMs: null,
      });
    }
  });

  const byAuthorizer =
    'leases.coordination.k8s.io "lock" is forbidden: User "eve" cannot get resource "leases" in API group "coordination.k8s.io"';

  test('403 is one of the missing rights once it has lasted: a server that starts forbids everything', async () => {
    const server = await startServer([status(403, byAuthorizer)]);
    const kubeconfig = writeKubeconfig({ server: server.url });
    const api = connect(kubeconfig, {}, { forbiddenGraceMs: 200 });
    const failure = async () => {
      const answer = await api.send(get, longMs).answer;
      return answer.id === 'failed' ? answer.failure : answer;
    };
    const early = { reason: 'status', status: 403, message: byAuthorizer, retryAfterMs: null };
    expect(await failure()).toEqual(early);
    await vi.waitFor(
      async () => expect(await failure()).toEqual({ reason: 'forbidden', message: byAuthorizer }),
      { timeout: longMs },
    );
  });

  test('403 with anything between counts from the beginning again', async () => {
    const forbidden = status(403, byAuthorizer);
    const server = await startServer([forbidden, status(503, 'starting'), forbidden]);
    const kubeconfig = writeKubeconfig({ server: server.url });
    const api = connect(kubeconfig, {}, { forbiddenGraceMs: 0 });
    const reason = async () => {
      const answer = await api.send(get, longMs).answer;
      return answer.id === 'failed' ? answer.failure.reason : answer.id;
    };
    expect([await reason(), await reason(), await reason()]).toEqual([
      'forbidden',
      'status',
      'forbidden',
    ]);
  });

  test.for([
    'leases.coordination.k8s.io "lock" is forbidden: unable to create new content in namespace default because it is being terminated',
    'leases.coordination.k8s.io "lock" is forbidden: exceeded quota: q, requested: count/leases.coordination.k8s.io=1, used: 1, limited: 1',
    "leases.coordination.k8s.io \"lock\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no leases on Fridays",
    'admission webhook "w.example.com" denied the request: not now',
    'Forbidden by proxy',
  ])('403 for another cause than rights may be tried again: %s', async (message) => {
    const server = await startServer([status(403, message)]);
    const api = connect(writeKubeconfig({ server: server.url }), {}, { forbiddenGraceMs: 0 });
    expect(await api.send(create, longMs).answer).toEqual({
      id: 'failed',
      failure: { reason: 'status', status: 403, message, retryAfterMs: null },
    });
  });

  test.for([301, 302, 303, 307, 308])(
    '%s is not followed, and told with where to',
    async (code) => {
      const Location = 'https://other.example.com/apis';
      expect(await failureOf(text(code, '', { Location }), update)).toMatchObject({
        reason: 'status',
        status: code,
        message: expect.stringMatching(
          /^[A-Z][A-Za-z ]+ to https:\/\/other.example.com\/apis, which is not followed$/,
        ) as string,
      });
    },
  );

  test('407 is that of a proxy', async () => {
    expect(await failureOf(text(407, ''), get)).toEqual({
      reason: 'credentials',
      message: 'the proxy requires authentication (407)',
    });
  });

  test.for([400, 405, 406, 413, 415, 422])('%s is a rejection', async (code) => {
    expect(await failureOf(status(code, 'no'), update)).toEqual({
      reason: 'rejected',
      status: code,
      message: 'no',
    });
  });

  test.for([408, 425, 429, 500, 502, 503, 504, 302])('%s may be tried again', async (code) => {
    expect(await failureOf(status(code, 'busy'), update)).toEqual({
      reason: 'status',
      status: code,
      message: 'busy',
      retryAfterMs: null,
    });
  });

  test('Retry-After is a number of seconds or a date', async () => {
    const after = (value: string) => text(429, '', { 'Retry-After': value });
    expect(await failureOf(after('3'))).toMatchObject({ retryAfterMs: 3_000 });
    expect(await failureOf(after('soon'))).toMatchObject({ retryAfterMs: null });
    const past = after('Sat, 21 Nov 2020 07:00:00 GMT');
    expect(await failureOf(past)).toMatchObject({ retryAfterMs: 0 });
  });

  test('what the server says is made one printable line', async () => {
    const nasty = status(500, `\n\u001b[31mred\u0007\r\nsecond ${'x'.repeat(10_000)}`);
    const failure = await failureOf(nasty);
    expect(failure).toMatchObject({ message: '[31mred' });
    const long = await failureOf(status(500, 'x'.repeat(10_000)));
    expect((long as { message: string }).message.length).toBeLessThan(600);
  });
});

describe('a malformed answer', () => {
  const malformed = (message: RegExp) => ({
    reason: 'malformed',
    message: expect.stringMatching(message) as string,
  });

  test.for([
    ['HTML', text(200, '<html><body>Log in</body></html>'), /not a Lease: "<html><body>Log in/],
    ['nothing', text(200, ''), /not a Lease: ""/],
    ['half an object', text(200, JSON.stringify(body).slice(0, 40)), /not a Lease/],
    ['a list', json(200, [body]), /not a Lease/],
    ['null', json(200, null), /not a Lease/],
    ['another kind', json(200, { ...body, kind: 'Pod' }), /not a Lease/],
    ['a Lease without metadata', json(200, { kind: 'Lease', metadata: null }), /not a Lease/],
    ['a Lease without resourceVersion', json(200, leaseObject('')), /not a Lease/],
  ] as const)('%s', async ([, respond, message]) => {
    expect(await failureOf(respond, update)).toEqual(malformed(message));
  });

  test('truncated: fewer bytes than announced', async () => {
    const truncated: Respond = (response) => {
      response.writeHead(200, { 'Content-Length': 1_000 });
      response.write('{"kind":"Lease",');
      setImmediate(() => response.socket?.destroy());
    };
    expect(await failureOf(truncated)).toEqual(malformed(/^the answer broke off: aborted$/));
  });

  test('endless: it is cut off after 1 MiB and the connection is closed', async () => {
    const endless: Respond = (response) => {
      const chunk = Buffer.alloc(65_536, ' ');
      const more = () => {
        while (response.write(chunk));
        response.once('drain', more);
      };
      more();
    };
    const { answer, server } = await answerTo(endless);
    expect(answer).toMatchObject({
      failure: { reason: 'malformed', message: 'the answer is longer than 1048576 bytes' },
    });
    await server.drained();
  });

  test('no HTTP at all', async () => {
    const port = await rawServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    const api = connect(writeKubeconfig({ server: `http://127.0.0.1:${port}` }));
    expect(await api.send(get, longMs).answer).toMatchObject({ failure: { reason: 'malformed' } });
  });

  test('a head that never ends', async () => {
    const port = await rawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}`);
    });
    const api = connect(writeKubeconfig({ server: `http://127.0.0.1:${port}` }));
    expect(await api.send(get, longMs).answer).toMatchObject({ failure: { reason: 'malformed' } });
  });
});

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

function rawServer(serve: (socket: Socket) => void): Promise<number> {
  return listen(
    createServer((socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    }),
  );
}

async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
