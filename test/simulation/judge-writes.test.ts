/** What the judge of the writes excuses after a restore, and what it does not. */
import { expect, test } from 'vitest';
import { WriteJudge } from './judge-writes.ts';
import { specOf } from './fields.ts';
import type { TermName } from './ledger.ts';
import { Machine } from './machine.ts';
import { type Author, Server } from './server.ts';
import { World } from './world.ts';

const [holder, other, taker] = ['holder', 'other', 'taker'].map(
  (name) => ({ name, kind: 'leader-run' }) as const,
) as [Author, Author, Author];

/** The lease of the holder's second term, begun after the backup, is taken before it has expired; `seen` is what the taker has seen of it. */
function takeAfterRestore(
  seen: (term: TermName) => readonly number[],
  hasTwin = false,
  sameSinceMs = Infinity,
) {
  const world = new World('judge', false);
  const server = new Server(world);
  const judge = new WriteJudge(world, false, () => server.setBackAtMs);
  server.onCommit((...commit) => judge.onCommit(...commit));
  for (const author of [holder, other, taker, twin])
    judge.enter({
      author,
      machine: new Machine(world, author.name, { rate: 1, wallAheadMs: 0 }),
      leaseDurationMs: 6_000,
      tree: () => null,
      newestSeenMs: (term, byBootMs) =>
        author === taker
          ? Math.max(-Infinity, ...seen(term).filter((ms) => ms < byBootMs))
          : -Infinity,
      sameSinceMs: () => (author === taker ? sameSinceMs : Infinity),
    });
  const write = (author: Author, atMs: number, transitions: number, isRelease = false) => {
    world.nowMs = atMs;
    const { current } = server;
    const metadata =
      current === null ? { name: 'lease' } : { ...(current.lease['metadata'] as object) };
    const time = new Date(atMs).toISOString().replace('Z', '000Z');
    const spec = {
      holderIdentity: isRelease ? '' : author === twin ? holder.name : author.name,
      leaseDurationSeconds: 6,
      acquireTime: author === twin ? (specOf(current?.lease ?? {})['acquireTime'] ?? '') : time,
      renewTime: time,
      leaseTransitions: transitions,
    };
    const id = current === null ? 'create' : 'update';
    server.handle({ author, request: { id, body: { metadata, spec } }, sentBootMs: atMs });
  };
  write(holder, 0, 0);
  write(other, 7_000, 1);
  write(other, 8_000, 1, true);
  write(holder, 8_100, 2);
  if (hasTwin) write(twin, 8_200, 2);
  world.nowMs = 9_000;
  server.setBack(1_500);
  write(taker, 13_500, 2);
  return { world, judge };
}

/** It goes on with the holder's term, under its identity. */
const twin: Author = { name: 'twin', kind: 'client-go' };

const isSecond = ({ author, acquireTime }: TermName) =>
  author === holder && acquireTime.endsWith(':08.100000Z');

test('A restore may hide a term of which the taker has seen nothing, though it has seen an earlier one of that holder (G1)', () => {
  const { world, judge } = takeAfterRestore((term) => (isSecond(term) ? [] : [0]));
  judge.onWin(taker, 13_500);

  expect(world.violation).toBeNull();
  expect(judge.isForgotten(holder)).toBe(true);
});

test('Who has seen something of that term does not take its lease', () => {
  const { world } = takeAfterRestore((term) => (isSecond(term) ? [8_100] : []));

  expect(world.violation?.invariant).toBe('no take-over of an unexpired lease');
});

test('Who sees something of that term only after its write was sent does not lead', () => {
  const { world, judge } = takeAfterRestore((term) => (isSecond(term) ? [13_600] : []));
  expect(world.violation).toBeNull();
  judge.onWin(taker, 13_500);

  expect(world.violation?.invariant).toBe('G1');
});

test('What hides the record of a client-go of its identity, which went on with the term, hides the holder', () => {
  const { world, judge } = takeAfterRestore(() => [], true);

  expect(world.violation).toBeNull();
  expect(judge.isForgotten(holder)).toBe(true);
});

test('but not from who has seen the holder lead', () => {
  const { world, judge } = takeAfterRestore((term) => (isSecond(term) ? [8_100] : []), true);

  expect(world.violation?.invariant).toBe('no take-over of an unexpired lease');
  expect(judge.isForgotten(holder)).toBe(false);
});

test('Who has been shown one state since before the holder wrote need not know of a write that a restore has undone', () => {
  const seen = (term: TermName) => (isSecond(term) ? [8_100] : []);
  const { world } = takeAfterRestore(seen, false, 7_000);
  expect(world.violation).toBeNull();

  const { world: early } = takeAfterRestore(seen, false, 8_050);
  expect(early.violation?.invariant).toBe('no take-over of an unexpired lease');
});
