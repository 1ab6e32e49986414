import { expect, test } from 'vitest';
import { kinds, makePlan, type Kind } from './plan.ts';

const options = { seed: 7, minutes: 60, candidates: 4 };
const plan = makePlan(options);

test('a seed is a plan', () => {
  expect(makePlan(options)).toEqual(plan);
  expect(makePlan({ ...options, seed: 8 })).not.toEqual(plan);
});

test('an hour has every kind of fault, those apart that this machine lacks', () => {
  const all = Object.values(kinds).flat();
  const had = (of: typeof plan) => new Set<Kind>(of.map(({ kind }) => kind));
  expect(had(plan)).toEqual(new Set(all));
  const without = makePlan({ ...options, without: kinds.clock });
  expect([...had(without)].filter((kind) => kind === 'jump' || kind === 'drift')).toEqual([]);
});

test('a restore is rare, because what is judged around it is excused', () => {
  const times = plan.filter(({ kind }) => kind === 'restore').map(({ atMs }) => atMs);
  times.forEach((atMs, index) => expect(atMs).toBeGreaterThanOrEqual((index + 1) * 300_000));
});

test.each(['edit', 'empty', 'delete', 'suspend', 'kill-guard', 'stop-guard', 'restore'])(
  'nothing lasts until %s, nor comes soon after it',
  (alone) => {
    plan.forEach(({ kind, atMs, durationMs }, index) => {
      if (kind !== alone) return;
      const before = plan.slice(0, index).map((each) => each.atMs + each.durationMs);
      expect(atMs - Math.max(0, ...before)).toBeGreaterThanOrEqual(4_000);
      const next = plan[index + 1]?.atMs ?? Infinity;
      expect(next - (atMs + durationMs)).toBeGreaterThanOrEqual(4_000);
    });
  },
);

test.each([
  ['kill-new', 15_000],
  ['late-answers', 8_000],
  ['restore', 20_000],
])('%s counts for as long as it may take', (slow, ms) => {
  const durations = plan.filter(({ kind }) => kind === slow).map((each) => each.durationMs);
  expect(Math.min(...durations)).toBeGreaterThanOrEqual(ms);
});

test('it is over before the end', () => {
  const ends = plan.map(({ atMs, durationMs }) => atMs + durationMs);
  expect(Math.max(...ends)).toBeLessThan(60 * 60_000 - 5_000);
});
