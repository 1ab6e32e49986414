import { expect, test } from 'vitest';
import { createApiClient } from '../../src/lease/client.ts';
import { connectLease } from '../../src/lease/connection.ts';
import { fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { loaded, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import {
  hangUp,
  json,
  leaseObject,
  stall,
  startTlsServer,
  status,
  text,
  type Respond,
} from '../fixtures/api/scripted-server.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const refusal = 'User "eve" cannot get resource "pods"';
const path = '/api/v1/namespaces/default/pods/worker-0';

async function client(...script: [Respond, ...Respond[]]) {
  const server = await startTlsServer(script);
  const cluster = loaded(writeKubeconfig(server.cluster));
  return { server, cluster, api: createApiClient(cluster, 'leader-run/test') };
}

test('it sends with the credentials of the cluster, and gives the object and the time of the server', async () => {
  const { server, api } = await client(
    json(200, { kind: 'Pod' }, { Date: 'Thu, 01 Jan 2026 12:00:00 GMT' }),
  );
  const reply = await api.request('GET', path, null, 30_000);
  expect(reply).toEqual({
    id: 'object',
    object: { kind: 'Pod' },
    serverTimeMs: Date.UTC(2026, 0, 1, 12),
  });
  expect(server.received[0]).toMatchObject({
    method: 'GET',
    path,
    headers: { authorization: 'Bearer secret', 'user-agent': 'leader-run/test' },
  });
});

test('the body of a PATCH is a merge patch', async () => {
  const { server, api } = await client(json(200, {}));
  await api.request('PATCH', path, { metadata: { labels: { role: null } } }, 30_000);
  expect(server.received[0]).toMatchObject({
    method: 'PATCH',
    body: '{"metadata":{"labels":{"role":null}}}',
    headers: { 'content-type': 'application/merge-patch+json' },
  });
});

test.each<[string, Respond, object]>([
  ['not-found', status(404, 'pods "worker-0" not found', 'NotFound'), {}],
  ['conflict', status(409, 'the UID does not match'), {}],
  ['failed', status(403, refusal), { failure: { reason: 'forbidden', message: refusal } }],
  ['failed', text(404, 'a gateway'), { failure: { reason: 'status', status: 404 } }],
  ['failed', text(200, 'hello'), { failure: { reason: 'malformed' } }],
  ['failed', hangUp, { failure: { reason: 'network' } }],
])('an answer can be "%s"', async (id, respond, rest) => {
  const { api } = await client(respond);
  expect(await api.request('GET', path, null, 30_000)).toMatchObject({ id, ...rest });
});

test('without an answer in time it fails, and closes the connection', async () => {
  const { server, api } = await client(stall);
  expect(await api.request('GET', path, null, 50)).toEqual({
    id: 'failed',
    failure: { reason: 'timeout', afterMs: 50 },
  });
  await server.drained();
});

test('without credentials in time the API server is not blamed', async () => {
  const { cluster } = await startTlsServer([stall]);
  const { exec } = fakePlugin(temporaryFolder(), 'setInterval(() => undefined, 60_000);');
  const api = createApiClient(loaded(writeKubeconfig(cluster, { exec })), 'leader-run/test');
  expect(await api.request('GET', path, null, 50)).toEqual({
    id: 'failed',
    failure: {
      reason: 'awaiting-credentials',
      message: expect.stringMatching(/^exec plugin ".*" is still running$/) as string,
    },
  });
});

test('a refused token is replaced once, as in the election', async () => {
  const { server, api } = await client(status(401, 'no'), json(200, {}));
  expect(await api.request('GET', path, null, 30_000)).toMatchObject({ id: 'object' });
  expect(server.received).toHaveLength(2);
});

test('the election is never queued behind it, nor does its end cut it off', async () => {
  const { server, cluster, api } = await client(stall, stall, json(200, leaseObject('1')));
  const lease = connectLease({ cluster, namespace: 'default', name: 'lock', userAgent: 'test' });
  const slow = [1, 2].map(() => api.request('GET', path, null, 2_000));
  await server.arrived(2);
  expect(await lease.send({ id: 'get' }, 30_000).answer).toMatchObject({ id: 'lease' });
  expect(server.connections()).toBe(3);
  lease.close();
  await expect(Promise.all(slow)).resolves.toMatchObject([
    { id: 'failed', failure: { reason: 'timeout' } },
    { id: 'failed', failure: { reason: 'timeout' } },
  ]);
});
