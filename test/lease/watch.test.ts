import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../src/election/lease.ts';
import { fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import {
  hangUp,
  json,
  leaseObject,
  stall,
  startServer,
  startTlsServer,
  status,
  text,
  type Respond,
} from '../fixtures/api/scripted-server.ts';
import {
  bookmark,
  byHand,
  ending,
  error,
  event,
  modified,
  WatchLog,
  streaming,
} from '../fixtures/api/watch-server.ts';

const longMs = 30_000;

async function watch(
  script: readonly [Respond, ...Respond[]],
  {
    resourceVersion = '1',
    silenceMs = longMs,
  }: { resourceVersion?: string | null; silenceMs?: number } = {},
) {
  const server = await startServer(script);
  const api = connect(writeKubeconfig({ server: server.url }));
  const log = new WatchLog();
  const handle = api.watch(resourceVersion, silenceMs, log.hear);
  /** What each request asked for: `GET` for the Lease itself, otherwise where the watch began. */
  const asked = () =>
    server.received.map(({ path, query }) =>
      path.endsWith('/leases/lock') ? 'GET' : query.get('resourceVersion'),
    );
  return { server, log, handle, asked };
}

describe('the watch', () => {
  test('asks for the one Lease, from the resourceVersion on, with bookmarks', async () => {
    const { server } = await watch([streaming()], { resourceVersion: '41' });
    const { method, path, query } = await server.arrived(1);
    expect([method, path]).toEqual([
      'GET',
      '/apis/coordination.k8s.io/v1/namespaces/default/leases',
    ]);
    expect(Object.fromEntries(query)).toEqual({
      watch: 'true',
      fieldSelector: 'metadata.name=lock',
      allowWatchBookmarks: 'true',
      resourceVersion: '41',
      timeoutSeconds: expect.stringMatching(/^[345]\d\d$/) as string,
    });
  });

  test('asks for what is there first if there is no resourceVersion', async () => {
    const { server } = await watch([streaming()], { resourceVersion: null });
    expect((await server.arrived(1)).query.has('resourceVersion')).toBe(false);
  });

  test('reads a flood of events no faster than some hundred a tenth of a second, and all of it', async () => {
    const events = 3_000;
    const chunks = Array.from({ length: events }, (_, index) => modified(String(index + 2)));
    const { log } = await watch([streaming(chunks.join(''))]);
    await log.until('open');
    const startMs = performance.now();
    await log.until(`changed ${events + 1}`);
    // No chunk holds more than 64 KiB, and each of these has to wait for the next window.
    const atMost = Math.ceil(65_536 / modified('2').length) + 20;
    expect(performance.now() - startMs).toBeGreaterThan((events / atMost - 2) * 100);
    expect(log.entries).toHaveLength(events + 1);
  });

  test('is open as soon as the server has taken it, without any event', async () => {
    const { log } = await watch([streaming()]);
    await log.until('open');
  });

  test('tells changes and deletions with the whole object', async () => {
    const spec = { holderIdentity: 'ä', unknown: [1, { deep: null }] };
    const { log } = await watch([
      streaming(
        event('ADDED', leaseObject('2', spec)),
        modified('3', spec),
        event('DELETED', leaseObject('4', spec)),
      ),
    ]);
    await log.until('deleted 4');
    expect(log.entries).toEqual(['open', 'changed 2', 'changed 3', 'deleted 4']);
    expect(log.events[1]).toEqual({ id: 'changed', lease: leaseObject('2', spec) });
  });

  test('reads events that arrive byte by byte, and several that arrive at once', async () => {
    const { respond, response } = byHand();
    const { log } = await watch([respond]);
    const stream = await response;
    const bytes = Buffer.from(modified('2', { holderIdentity: 'Grüße 🦭' }) + modified('3'));
    for (const byte of bytes) {
      stream.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await log.until('changed 3');
    expect(log.events[1]).toMatchObject({ lease: { spec: { holderIdentity: 'Grüße 🦭' } } });
    stream.write(modified('4') + modified('5'));
    await log.until('changed 5');
    expect(log.entries).toEqual(['open', 'changed 2', 'changed 3', 'changed 4', 'changed 5']);
  });

  test('passes over events of other objects and of unknown types', async () => {
    const { log } = await watch([
      streaming(
        event('MODIFIED', leaseObject('2', {}, 'other')),
        event('SURPRISE', leaseObject('3')),
        '\n',
        modified('4'),
      ),
    ]);
    await log.until('changed 4');
    expect(log.entries).toEqual(['open', 'changed 4']);
  });
});

describe('a watch that ends is opened again', () => {
  test('from the last event on, and nothing is told of it', async () => {
    const { log, asked } = await watch([
      ending(modified('2')),
      ending(modified('3'), event('DELETED', leaseObject('4'))),
      streaming(modified('5')),
    ]);
    await log.until('changed 5');
    expect(log.entries).toEqual(['open', 'changed 2', 'changed 3', 'deleted 4', 'changed 5']);
    expect(asked()).toEqual(['1', '2', '4']);
  });

  test('from the last bookmark on', async () => {
    const { log, asked } = await watch([
      ending(modified('2'), bookmark('70')),
      streaming(modified('71')),
    ]);
    await log.until('changed 71');
    expect(asked()).toEqual(['1', '70']);
  });

  test('not from an event of another object', async () => {
    const { log, asked } = await watch([
      ending(event('MODIFIED', leaseObject('9', {}, 'other'))),
      streaming(modified('2')),
    ]);
    await log.until('changed 2');
    expect(asked()).toEqual(['1', '1']);
  });

  test('with what is there first if nothing was heard yet', async () => {
    const { log, asked } = await watch([ending(), streaming(modified('2'))], {
      resourceVersion: null,
    });
    await log.until('changed 2');
    expect(asked()).toEqual([null, null]);
  });

  test('on the same connection if the server ended it properly', async () => {
    const { server, log } = await watch([ending(), streaming(modified('2'))]);
    await log.until('changed 2');
    expect(server.connections()).toBe(1);
  });

  test('also when the connection broke in the middle of an event', async () => {
    const { respond, response } = byHand();
    const { log, asked } = await watch([respond, streaming(modified('3'))]);
    await log.until('open');
    const stream = await response;
    stream.write(modified('2') + modified('3').slice(0, 20));
    await log.until('changed 2');
    stream.destroy();
    await log.until('changed 3');
    expect(log.entries).toEqual(['open', 'changed 2', 'changed 3']);
    expect(asked()).toEqual(['1', '2']);
  });

  test('ever more slowly if it ends at once each time', async () => {
    const startedMs = performance.now();
    const { server } = await watch([ending()]);
    await server.arrived(5);
    // 50 to 100 ms, then twice as much each time.
    expect(performance.now() - startedMs).toBeGreaterThan(740);
  });
});

describe('silence', () => {
  test('has the watch reopened on a new connection, from the last event on', async () => {
    const { log, asked, server } = await watch(
      [streaming(modified('2')), streaming(modified('3'))],
      {
        silenceMs: 1_000,
      },
    );
    await log.until('changed 3');
    expect(log.entries).toEqual(['open', 'changed 2', 'changed 3']);
    expect(asked()).toEqual(['1', '2']);
    expect(server.received.map(({ connection }) => connection)).toEqual([1, 2]);
  });

  test('from the first moment on has it opened with what is there first', async () => {
    const { log, asked } = await watch([streaming(), streaming(modified('2'))], {
      silenceMs: 1_000,
      resourceVersion: '999',
    });
    await log.until('changed 2');
    expect(asked()).toEqual(['999', null]);
  });

  test('is none as long as bookmarks come', async () => {
    const { respond, response } = byHand();
    const { log, server } = await watch([respond, streaming(modified('9'))], { silenceMs: 2_500 });
    const stream = await response;
    for (let i = 2; i < 7; i += 1) {
      stream.write(bookmark(String(i)));
      await new Promise((resolve) => setTimeout(resolve, 600));
    }
    stream.write(modified('8'));
    await log.until('changed 8');
    expect(server.received.length).toBe(1);
  });

  test('after which it cannot be opened is told as down', async () => {
    const { log } = await watch([streaming(), hangUp, hangUp, streaming(modified('2'))], {
      silenceMs: 1_000,
    });
    await log.until('changed 2');
    expect(log.entries).toEqual(['open', 'down network', 'open', 'changed 2']);
  });

  test('instead of an answer is a time-out', async () => {
    const { log, server } = await watch([stall, streaming()], { silenceMs: 200 });
    await log.until('open');
    expect(log.entries).toEqual(['down timeout', 'open']);
    expect(server.connections()).toBe(2);
  });
});

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

describe('a watch that is closed', () => {
  test('tells nothing any more, also not what has already arrived', async () => {
    const server = await startServer([streaming(modified('2') + modified('3'))]);
    const api = connect(writeKubeconfig({ server: server.url }));
    const heard: WatchEvent['id'][] = [];
    const handle = api.watch('1', longMs, ({ id }) => {
      heard.push(id);
      if (id === 'changed') handle.close();
    });
    await server.arrived(1);
    await server.drained();
    expect(heard).toEqual(['open', 'changed']);
  });

  test('closes its connection and leaves that of the requests', async () => {
    const server = await startServer([json(200, leaseObject('1')), streaming()]);
    const api = connect(writeKubeconfig({ server: server.url }));
    await api.send({ id: 'get' }, longMs).answer;
    const log = new WatchLog();
    const handle = api.watch('1', longMs, log.hear);
    await log.until('open');
    const closed = new Promise((resolve) => {
      for (const socket of server.open) socket.once('close', resolve);
    });
    handle.close();
    await closed;
    expect(server.open.size).toBe(1);
    void api.send({ id: 'get' }, longMs);
    expect((await server.arrived(3)).connection).toBe(1);
  });

  test('while it waits to be opened again is not opened again', async () => {
    const { server, log, handle } = await watch([hangUp]);
    await log.until('down network');
    handle.close();
    const before = server.received.length;
    // Longer than the first pause.
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(server.received.length).toBe(before);
  });
});
