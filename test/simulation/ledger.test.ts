/** What a candidate can know, as the judge has it. */
import { expect, test } from 'vitest';
import type { LeaseRequest, RawLease } from '../../src/election/lease.ts';
import { calmAmbience } from './ambience.ts';
import { specOf } from './fields.ts';
import { Ledger } from './ledger.ts';
import { Machine } from './machine.ts';
import { plainSettings } from './plain.ts';
import { SimulatedProcess } from './process.ts';
import { type Author, Server } from './server.ts';
import { World } from './world.ts';

const leader: Author = { name: 'c0.1', kind: 'leader-run' };
const other: Author = { name: 'c1.1', kind: 'leader-run' };
const hand: Author = { name: 'hand', kind: 'hand' };

function record(holderIdentity: string, renewTime: string): RawLease {
  return {
    metadata: { name: 'lease' },
    spec: {
      holderIdentity,
      ...{ leaseDurationSeconds: 15, leaseTransitions: 0 },
      ...{ acquireTime: '2026-01-01T12:00:00.123456Z', renewTime },
    },
  };
}

/** A leader has written twice; what has come of that is told by the watch at once, and by the answer when it is asked for. */
function leaderThatRenewed() {
  const world = new World('ledger', false);
  const server = new Server(world);
  // Other objects are written in between, so that there are versions between those of the Lease.
  world.random.below = () => 4;
  const machine = new Machine(world, 'm', { rate: 1, wallAheadMs: 0 });
  const process = new SimulatedProcess('c0.1', machine, world, calmAmbience());
  const ledger = new Ledger(process, leader, { ...plainSettings, identity: 'a' }, server);
  const write = (author: Author, body: RawLease) => {
    const id = server.current === null ? 'create' : 'update';
    const arrival = { author, request: { id, body } as LeaseRequest, sentBootMs: process.bootMs() };
    return { arrival, answer: server.handle(arrival) };
  };
  const created = write(leader, record('a', '2026-01-01T12:00:00.123456Z'));
  ledger.noteAnswer(created.answer, created.arrival);
  ledger.goAtMs = process.bootMs();
  world.nowMs = 2_000;
  const renewal = write(leader, record('a', '2026-01-01T12:00:02.123456Z'));
  const hear = () => ledger.noteWatchEvent(server.current?.lease ?? {});
  hear();
  return { world, server, ledger, write, renewal, hear };
}

test('The late answer to a write does not make a leader forget a later version that the watch told of; another that has held the lease since the term began deposes it by an older one, too', () => {
  const { world, server, ledger, write, renewal, hear } = leaderThatRenewed();
  world.nowMs = 2_100;
  server.prefer(hand, 'someone');
  const newest = server.current?.resourceVersion ?? 0;
  hear();
  ledger.noteAnswer(renewal.answer, renewal.arrival);
  expect(ledger.newestSeen).toBe(newest);

  world.nowMs = 3_000;
  server.setBack(2_500);
  write(other, { ...record('b', '2026-01-01T12:00:03.000000Z') });
  const shown = server.current;
  expect(specOf(shown?.lease ?? {})['holderIdentity']).toBe('b');
  expect(shown?.resourceVersion).toBeLessThan(newest);
  hear();

  expect(ledger.deposedAtMs).toBe(ledger.process.bootMs());
});

test('A write that is stored after the server has gone back is the newest that its leader knows, whatever its version', () => {
  const { world, server, ledger, write } = leaderThatRenewed();
  const newest = ledger.newestSeen;
  world.nowMs = 3_000;
  server.setBack(2_500);
  const again = write(leader, record('a', '2026-01-01T12:00:03.123456Z'));
  ledger.noteAnswer(again.answer, again.arrival);
  expect(ledger.newestSeen).toBe(server.current?.resourceVersion);
  expect(ledger.newestSeen).not.toBe(newest);

  world.nowMs = 4_000;
  write(other, record('b', '2026-01-01T12:00:04.000000Z'));
  ledger.noteWatchEvent(server.current?.lease ?? {});

  expect(ledger.deposedAtMs).not.toBeNull();
});

test('A create that was heard of before its answer, and a label after it, do not show that the server has gone back', () => {
  const { world, server, ledger, write, hear } = leaderThatRenewed();
  world.nowMs = 3_000;
  server.delete(hand);
  const again = write(leader, record('a', '2026-01-01T12:00:03.123456Z'));
  hear();
  server.prefer(hand, 'someone');
  hear();
  ledger.noteAnswer(again.answer, again.arrival);
  expect(ledger.hasFoundOlder).toBe(false);
  expect(ledger.deposedAtMs).toBeNull();
});
