/** 401: the credentials are loaded again, once. */
import { describe, expect, test } from 'vitest';
import { connect, writeFile, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import {
  json,
  leaseObject,
  stall,
  startTlsServer,
  status,
  type Respond,
} from '../fixtures/api/scripted-server.ts';
import { WatchLog, streaming } from '../fixtures/api/watch-server.ts';

const longMs = 30_000;

/** A server that refuses a token which is replaced at that moment, and then does this. */
async function rotating(then: Respond) {
  const folder = temporaryFolder();
  const tokenFile = writeFile(folder, 'token', 'old\n');
  const rotate: Respond = (response, received) => {
    writeFile(folder, 'token', 'new\n');
    status(401, 'Unauthorized')(response, received);
  };
  const server = await startTlsServer([rotate, then]);
  const api = connect(writeKubeconfig(server.cluster, { tokenFile }, folder));
  const tokens = () => server.received.map(({ headers }) => headers.authorization);
  return { api, tokens };
}

async function serving(first: Respond, ...then: Respond[]) {
  const server = await startTlsServer([first, ...then]);
  return { server, api: connect(writeKubeconfig(server.cluster)) };
}

describe('a request with 401', () => {
  test('is sent again with new credentials', async () => {
    const { api, tokens } = await rotating(json(200, leaseObject('7')));
    expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });
    expect(tokens()).toEqual(['Bearer old', 'Bearer new']);
  });

  test('twice is a failure', async () => {
    const { api, server } = await serving(status(401, 'Unauthorized'));
    expect(await api.send({ id: 'get' }, longMs).answer).toEqual({
      id: 'failed',
      failure: { reason: 'unauthorized', message: 'Unauthorized' },
    });
    expect(server.received.length).toBe(2);
  });

  test('shares one time-out with the second try', async () => {
    const { api, server } = await serving(status(401, ''), stall);
    expect(await api.send({ id: 'get' }, 300).answer).toMatchObject({
      failure: { reason: 'timeout', afterMs: 300 },
    });
    await server.drained();
  });
});

describe('a watch with 401', () => {
  test('is opened again with new credentials, and nothing is told', async () => {
    const { api, tokens } = await rotating(streaming());
    const log = new WatchLog();
    api.watch('1', longMs, log.hear);
    await log.until('open');
    expect(log.entries).toEqual(['open']);
    expect(tokens()).toEqual(['Bearer old', 'Bearer new']);
  });

  test('twice is down', async () => {
    const { api } = await serving(status(401, ''), status(401, ''), streaming());
    const log = new WatchLog();
    api.watch('1', longMs, log.hear);
    await log.until('open');
    expect(log.entries).toEqual(['down unauthorized', 'open']);
  });
});
