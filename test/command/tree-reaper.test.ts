import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Tree } from '../../src/command/tree/process-tree.ts';
import { type ProcessRow, ScanFailedError } from '../../src/process/process-table.ts';
import { TreeReaper } from '../../src/command/tree/tree-reaper.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function rowOf(pid: number): ProcessRow {
  const rest = { parent: 1, group: 1, session: 1, startTicks: 1, threads: 1 };
  return { ...rest, pid, name: 'sleep', state: 'S' };
}

/** A tree whose members die when told so by the test. */
function createFake() {
  const alive = new Set([1001, 1002]);
  const said: (string | readonly number[])[] = [];
  let kills = 0;
  const shortage = { isThere: false };
  const tree: Pick<Tree, 'members' | 'kill'> = {
    members: () => {
      if (shortage.isThere) throw new ScanFailedError('EMFILE');
      return [...alive].map(rowOf);
    },
    kill: () => {
      kills += 1;
      return new Set(alive);
    },
  };
  const reaper = new TreeReaper({
    tree,
    onGone: () => said.push('gone'),
    onLingering: (members) => said.push(members.map(({ pid }) => pid)),
  });
  return { alive, said, reaper, shortage, kills: () => kills };
}

test('those that survive the kill are reported every ten seconds, as long as it takes', () => {
  const { alive, said, reaper } = createFake();
  reaper.kill();
  vi.advanceTimersByTime(9_800);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(15_000);
  expect(said).toEqual([
    [1001, 1002],
    [1001, 1002],
  ]);
  alive.clear();
  reaper.commandEnded(() => said.push('ended'));
  expect(said.slice(2)).toEqual(['ended', 'gone']);
});

test('an empty tree is not gone before the end of the command is known', () => {
  const { alive, said, reaper } = createFake();
  alive.clear();
  reaper.kill();
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
  reaper.commandEnded(() => said.push('ended'));
  expect(said).toEqual(['ended', 'gone']);
});

test('of a command that never ran nothing is left, whoever is taken for its own, also in the middle of a kill', () => {
  const { said, reaper } = createFake();
  reaper.kill();
  reaper.commandRefused(() => said.push('refused'));
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual(['refused', 'gone']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a scan that fails for lack of descriptors finds nobody, and is repeated until it succeeds', () => {
  const { alive, said, reaper, shortage } = createFake();
  shortage.isThere = true;
  reaper.commandEnded((left) => said.push(left === null ? 'unknown' : 'ended'));
  reaper.childExited();
  reaper.kill();
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual(['unknown']);
  shortage.isThere = false;
  vi.advanceTimersByTime(100);
  expect(said).toEqual(['unknown', [1001, 1002]]);
  alive.clear();
  vi.advanceTimersByTime(100);
  expect(said.slice(2)).toEqual(['gone']);
});

test('who appears after the kill is killed too', () => {
  const { alive, reaper, kills } = createFake();
  reaper.kill();
  expect(kills()).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(kills()).toBe(1);
  alive.add(1003);
  vi.advanceTimersByTime(100);
  expect(kills()).toBe(2);
});

test('the exit of a child causes a scan at once, if the end of the tree is waited for', () => {
  const { alive, said, reaper } = createFake();
  alive.clear();
  reaper.childExited();
  expect(said).toEqual([]);
  alive.add(1001);
  reaper.commandEnded(() => said.push('ended'));
  reaper.childExited();
  expect(said).toEqual(['ended']);
  alive.clear();
  reaper.childExited();
  expect(said).toEqual(['ended', 'gone']);
});

test('without a kill survivors are left alone, and the last one that dies is noticed within 100 ms', () => {
  const { alive, said, reaper, kills } = createFake();
  reaper.commandEnded(() => said.push('ended'));
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual(['ended']);
  alive.clear();
  vi.advanceTimersByTime(100);
  expect(said).toEqual(['ended', 'gone']);
  expect(kills()).toBe(0);
});
