import { expect, onTestFinished, test } from 'vitest';
import { connectLease } from '../../src/lease/connection.ts';
import { loaded, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { json, leaseObject, startServer, status } from '../fixtures/api/scripted-server.ts';

async function connected(respond = json(200, leaseObject('1'))) {
  const server = await startServer([respond]);
  const api = connectLease({
    cluster: loaded(writeKubeconfig({ server: server.url })),
    namespace: 'default',
    name: 'lock',
    userAgent: 'test',
    warmingMs: 20,
  });
  onTestFinished(() => api.close());
  await api.send({ id: 'get' }, 30_000).answer;
  return { server, api };
}

test('a connection that is idle is kept by a GET now and then', async () => {
  const { server } = await connected();
  expect(await server.arrived(4)).toMatchObject({ method: 'GET', body: '' });
  expect(server.connections()).toBe(1);
});

test('also while the server refuses that', async () => {
  const { server } = await connected(status(403, 'no'));
  await server.arrived(4);
});

test('after close nothing is sent and nothing stays open', async () => {
  const { server, api } = await connected();
  await server.arrived(2);
  api.close();
  await server.drained();
  const count = server.received.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.received.length).toBe(count);
});

test('an answer is waited for, however long it may take', async () => {
  const { api } = await connected();
  const { answer } = api.send({ id: 'get' }, Number.MAX_SAFE_INTEGER);
  expect(await answer).toMatchObject({ id: 'lease' });
});
