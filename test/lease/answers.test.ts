/** What an answer means, also one that is none of an API server. */
import { describe, expect, test, vi } from 'vitest';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import {
  answerTo,
  body,
  create,
  failureOf,
  get,
  longMs,
  rawServer,
  update,
} from '../fixtures/api/one-request.ts';
import {
  json,
  leaseObject,
  startServer,
  status,
  text,
  type Respond,
} from '../fixtures/api/scripted-server.ts';
import { streaming, WatchLog } from '../fixtures/api/watch-server.ts';

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

  test('a redirect of the watch is not followed either, and told with where to', async () => {
    const Location = 'https://other.example.com/apis';
    const server = await startServer([text(307, '', { Location }), streaming()]);
    const log = new WatchLog();
    connect(writeKubeconfig({ server: server.url })).watch('1', longMs, log.hear);
    await log.until('open');
    expect(log.events).toMatchObject([
      {
        id: 'down',
        failure: {
          status: 307,
          message: `Temporary Redirect to ${Location}, which is not followed`,
        },
      },
      { id: 'open' },
    ]);
  });

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
