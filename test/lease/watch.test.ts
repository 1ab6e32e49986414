import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../src/election/lease.ts';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { hangUp, json, leaseObject, stall, startServer } from '../fixtures/api/scripted-server.ts';
import {
  bookmark,
  byHand,
  ending,
  event,
  modified,
  WatchLog,
  streaming,
} from '../fixtures/api/watch-server.ts';
import { longMs, watch } from './watch-rig.ts';

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
