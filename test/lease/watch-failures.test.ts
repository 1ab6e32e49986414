/** What the watch does when the server does not let it watch on. */
import { describe, expect, test } from 'vitest';
import { fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import {
  hangUp,
  json,
  leaseObject,
  startTlsServer,
  status,
  text,
} from '../fixtures/api/scripted-server.ts';
import {
  ending,
  error,
  event,
  modified,
  WatchLog,
  streaming,
} from '../fixtures/api/watch-server.ts';
import { longMs, watch } from './watch-rig.ts';

describe('a resourceVersion that is too old', () => {
  const gone = status(410, 'too old resource version: 1 (5)', 'Expired');
  const goneEvent = streaming(error(410, 'too old resource version: 1 (5)'));

  test.for([
    ['as status', gone, ['changed 9', 'open', 'changed 10']],
    ['as event', goneEvent, ['open', 'changed 9', 'changed 10']],
  ] as const)('%s: what is there now is told, and watched from', async ([, expired, entries]) => {
    const { log, asked } = await watch([
      expired,
      json(200, leaseObject('9')),
      streaming(modified('10')),
    ]);
    await log.until('changed 10');
    expect(log.entries).toEqual(entries);
    expect(asked()).toEqual(['1', 'GET', null]);
  });

  test('and a Lease that is gone by then: the deletion is told as later than what was seen', async () => {
    const { log, asked } = await watch([
      ending(modified('41')),
      gone,
      status(404, 'not found', 'NotFound'),
      streaming(event('ADDED', leaseObject('50'))),
    ]);
    await log.until('changed 50');
    expect(log.entries).toEqual(['open', 'changed 41', 'deleted 42', 'changed 50']);
    expect(log.events[2]).toMatchObject({ lease: { kind: 'Lease', metadata: { name: 'lock' } } });
    expect(asked()).toEqual(['1', '41', 'GET', null]);
  });

  test('and a read that fails is down, and reads again', async () => {
    const { log, asked } = await watch([
      gone,
      status(503, 'busy'),
      gone,
      json(200, leaseObject('9')),
      streaming(modified('10')),
    ]);
    await log.until('changed 10');
    expect(log.entries).toEqual(['down status', 'changed 9', 'open', 'changed 10']);
    expect(asked()).toEqual(['1', 'GET', '1', 'GET', null]);
  });
});

describe('a watch that fails', () => {
  test('is down, told once, until it opens again', async () => {
    const { log } = await watch([
      status(503, 'starting'),
      hangUp,
      text(500, '<html>'),
      streaming(modified('2')),
    ]);
    await log.until('changed 2');
    expect(log.entries).toEqual(['down status', 'open', 'changed 2']);
    expect(log.events[0]).toEqual({
      id: 'down',
      failure: { reason: 'status', status: 503, message: 'starting', retryAfterMs: null },
    });
  });

  test('waits as long as the server asks for', async () => {
    const startedMs = performance.now();
    const { log } = await watch([text(429, '', { 'Retry-After': '1' }), streaming()]);
    await log.until('open');
    expect(performance.now() - startedMs).toBeGreaterThan(990);
  });

  test.for([
    ['no JSON', 'rubbish\n', 'down malformed'],
    ['no object', '7\n', 'down malformed'],
    ['no Lease', event('MODIFIED', { kind: 'Pod', metadata: { name: 'lock' } }), 'down malformed'],
    ['no end', 'x'.repeat(1_100_000), 'down malformed'],
    ['an error', error(500, 'etcd is gone'), 'down status'],
    ['an error without code', event('ERROR', {}), 'down status'],
  ] as const)('as an event is %s: it is down, and opened again', async ([, chunk, down]) => {
    const { log, server } = await watch([
      streaming(modified('2'), chunk),
      streaming(modified('3')),
    ]);
    await log.until('changed 3');
    expect(log.entries).toEqual(['open', 'changed 2', down, 'open', 'changed 3']);
    expect(server.connections()).toBe(2);
  });

  test('for lack of credentials is down', async () => {
    const server = await startTlsServer([streaming()]);
    const { exec } = fakePlugin(temporaryFolder(), '');
    const user = { exec: { ...exec, command: '/nonexistent/plugin' } };
    const api = connect(writeKubeconfig(server.cluster, user));
    const log = new WatchLog();
    api.watch('1', longMs, log.hear);
    await log.until('down credentials');
    expect(server.received).toEqual([]);
  });
});

describe('403', () => {
  test('is told as forbidden, with the words of the server', async () => {
    const message = 'leases is forbidden: User "eve" cannot watch resource "leases"';
    const { log } = await watch([status(403, message)]);
    await log.until('forbidden');
    expect(log.events).toEqual([{ id: 'forbidden', message }]);
  });

  test('of a server that starts is told once and not for good', async () => {
    const words = 'User "eve" cannot watch resource "leases": RBAC: role "x" not found';
    const forbidden = status(403, words);
    const { log } = await watch([ending(), forbidden, forbidden, streaming(modified('2'))]);
    await log.until('changed 2');
    expect(log.entries).toEqual(['open', 'forbidden', 'open', 'changed 2']);
  });
});
