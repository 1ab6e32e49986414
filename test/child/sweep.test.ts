import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Tree } from '../../src/child/process-tree.ts';
import { createSweep } from '../../src/child/sweep.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A tree whose members die when told so by the test. */
function createFake() {
  const alive = new Set([1001, 1002]);
  const said: (string | readonly number[])[] = [];
  let strikes = 0;
  const tree: Tree = {
    members: () => [...alive],
    newcomers: () => [],
    signal: () => expect.unreachable('a sweep sends SIGKILL by strike alone'),
    strike: () => {
      strikes += 1;
      return new Set(alive);
    },
  };
  const sweep = createSweep({
    tree,
    onGone: () => said.push('gone'),
    onLingering: (pids) => said.push(pids),
  });
  return { alive, said, sweep, strikes: () => strikes };
}

test('those that survive the kill are reported every ten seconds, as long as it takes', () => {
  const { alive, said, sweep } = createFake();
  sweep.kill();
  vi.advanceTimersByTime(9_800);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(15_000);
  expect(said).toEqual([
    [1001, 1002],
    [1001, 1002],
  ]);
  alive.clear();
  sweep.commandEnded(() => said.push('ended'));
  expect(said.slice(2)).toEqual(['ended', 'gone']);
});

test('an empty tree is not gone before the end of the command is known', () => {
  const { alive, said, sweep } = createFake();
  alive.clear();
  sweep.kill();
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
  sweep.commandEnded(() => said.push('ended'));
  expect(said).toEqual(['ended', 'gone']);
});

test('who appears after the kill is killed too', () => {
  const { alive, sweep, strikes } = createFake();
  sweep.kill();
  expect(strikes()).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(strikes()).toBe(1);
  alive.add(1003);
  vi.advanceTimersByTime(100);
  expect(strikes()).toBe(2);
});

test('without a kill survivors are left alone, and the last one that dies is noticed within 100 ms', () => {
  const { alive, said, sweep, strikes } = createFake();
  sweep.commandEnded(() => said.push('ended'));
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual(['ended']);
  alive.clear();
  vi.advanceTimersByTime(100);
  expect(said).toEqual(['ended', 'gone']);
  expect(strikes()).toBe(0);
});
