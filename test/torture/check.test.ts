/** That each rule of the judge can be broken, by a history that breaks it alone. */
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import type { History, LabelWrite, Process, Write } from './history.ts';

const work = 'ns/work';
const cron = 'ns/cron';

function process(changes: Partial<Process>): Process {
  const base = { token: 10, identity: 'a.1', lock: work, key: '-', isMain: true, startMs: 1_000 };
  return { ...base, termMs: null, end: null, aliveMs: 9_000, deadMs: 9_002, ...changes };
}

function write(atMs: number, version: number, holder: string | null, more = {}): Write {
  const user = holder === null || holder === '' ? 'a' : holder.replace(/\..*/, '');
  const base = { atMs, user, lock: work, maybe: false, version, holder, leaseMs: 6_000, runs: [] };
  return { ...base, ...more };
}

function label(atMs: number, pod: string, isLabelled: boolean | null): LabelWrite {
  return { atMs, pod, version: atMs, isLabelled };
}

/** a leads from 1 s to 9 s and releases; b takes over and is lost at 20 s; c takes over. Then a job. */
const renewals = [2_000, 4_000, 6_000, 8_000].map((atMs, index) => write(atMs, 11 + index, 'a.1'));
const healthy: History = {
  processes: [
    process({ termMs: 8_500, end: { atMs: 9_000, status: 143 } }),
    process({ isMain: false, startMs: 1_100, aliveMs: 8_990, deadMs: 8_995 }),
    process({
      token: 20,
      identity: 'b.1',
      startMs: 9_020,
      termMs: 23_050,
      aliveMs: 24_000,
      deadMs: 24_001,
    }),
    process({ token: 30, identity: 'c.1', startMs: 26_100, aliveMs: 30_000, deadMs: 30_002 }),
    process({
      token: 40,
      identity: 'a.2',
      lock: cron,
      key: 'success-1',
      startMs: 31_000,
      end: { atMs: 31_500, status: 0 },
      aliveMs: 31_500,
      deadMs: 31_501,
    }),
    process({
      token: 50,
      identity: 'b.2',
      lock: cron,
      key: 'start-2',
      startMs: 33_000,
      aliveMs: 33_500,
      deadMs: 33_501,
    }),
  ],
  writes: [
    write(990, 10, 'a.1'),
    ...renewals,
    write(9_010, 16, ''),
    write(9_012, 20, 'b.1'),
    write(20_000, 21, 'b.1'),
    write(26_050, 30, 'c.1'),
    write(29_990, 31, 'c.1'),
    write(30_500, 40, 'a.2', { lock: cron }),
    write(31_510, 41, '', { lock: cron, runs: [{ key: 'success-1', token: '40' }] }),
    write(32_990, 50, 'b.2', { lock: cron }),
  ],
  labels: [label(1_000, 'a', true), label(8_400, 'a', false), label(9_100, 'b', true)],
  faults: [],
  gaps: [],
  left: [],
  renewFraction: 0.5,
};

const change = <T>(all: readonly T[], index: number, changes: Partial<T>): T[] =>
  all.map((each, at) => (at === index ? { ...each, ...changes } : each));
const processes = (index: number, changes: Partial<Process>): History => ({
  ...healthy,
  processes: change(healthy.processes, index, changes),
});
const writes = (index: number, changes: Partial<Write>): History => ({
  ...healthy,
  writes: change(healthy.writes, index, changes),
});
const broken = (history: History) => [
  ...new Set(
    check(history).findings.flatMap(({ rule, excuse }) => (excuse === null ? [rule] : [])),
  ),
];

describe('a healthy history', () => {
  it('passes, and every rule was applied', () => {
    const { findings, judged, undecided } = check(healthy);
    expect(findings).toEqual([]);
    expect(undecided).toBe(0);
    expect(Object.keys(judged).sort()).toEqual([
      'dead in time',
      'not taken early',
      'nothing left',
      'once',
      'one at a time',
      'one label',
      'release last',
      'stopped in time',
      'tokens grow',
    ]);
  });
});

describe('refuted is', () => {
  it.each<[string, string, History]>([
    [
      'one at a time',
      'a child that outlives its term by a moment',
      processes(3, { startMs: 23_990 }),
    ],
    ['tokens grow', 'a token that is used again', processes(3, { token: 20 })],
    ['tokens grow', 'a token that is smaller', processes(2, { token: 9 })],
    ['stopped in time', 'a stop signal that comes late', processes(2, { termMs: 23_400 })],
    ['stopped in time', 'one that never comes', processes(2, { termMs: null })],
    [
      'dead in time',
      'a command that is killed late',
      processes(2, { aliveMs: 25_300, deadMs: 25_301 }),
    ],
    ['release last', 'a release while a child lives', writes(5, { atMs: 8_900 })],
    ['not taken early', 'a lease that has not expired', writes(8, { atMs: 25_900 })],
    ['once', 'a job that had not succeeded when that was recorded', writes(11, { atMs: 31_400 })],
    ['once', 'one that had failed', processes(4, { end: { atMs: 31_500, status: 1 } })],
    ['once', 'a job that is run again', processes(5, { key: 'success-1' })],
    ['once', 'a second start where starts count', processes(4, { key: 'start-2' })],
    ['nothing left', 'a process that lives on', processes(1, { deadMs: Infinity })],
    ['nothing left', 'something else that lives on', { ...healthy, left: ['process 7'] }],
    [
      'one label',
      'a second Pod with the label',
      { ...healthy, labels: [label(1, 'a', true), label(2, 'b', true)] },
    ],
  ])('%s: %s', (rule, _, history) => {
    expect(broken(history)).toContain(rule);
  });

  it('the one rule alone, where a violation has no other consequence', () => {
    expect(broken(writes(8, { atMs: 25_900 }))).toEqual(['not taken early']);
    expect(broken(processes(2, { termMs: null }))).toEqual(['stopped in time']);
    expect(broken(writes(5, { atMs: 8_900 }))).toEqual(['release last']);
  });
});

describe('what cannot be known', () => {
  it('is not a finding: when the end falls between two looks', () => {
    const history = processes(2, { aliveMs: 23_000, deadMs: 26_110 });
    expect(broken(history)).toEqual([]);
    expect(check(history).undecided).toBe(1);
  });

  it('is not a finding: a write without an answer may have been a renewal', () => {
    const maybe = write(21_500, NaN, null, { user: 'b', maybe: true });
    const history = { ...processes(2, { termMs: 24_000 }), writes: [...healthy.writes, maybe] };
    expect(broken(processes(2, { termMs: 24_000 }))).toEqual(['stopped in time']);
    expect(broken(history)).toEqual([]);
  });

  it('is not a finding: a Pod after a write without an answer', () => {
    const labels = [label(1, 'a', true), label(2, '', null), label(3, 'b', true)];
    expect(broken({ ...healthy, labels })).toEqual([]);
  });
});

describe('what the docs exclude', () => {
  const overlap = processes(3, { startMs: 23_500 });
  const fault = (kind: string, target: string, fromMs: number, toMs: number) => [
    { kind, target, fromMs, toMs },
  ];

  it('an edit by hand, for one second', () => {
    expect(broken({ ...overlap, faults: fault('edit', work, 23_400, 23_400) })).toEqual([]);
    const long = processes(3, { startMs: 22_700 });
    expect(broken({ ...long, faults: fault('edit', work, 22_600, 22_600) })).toContain(
      'one at a time',
    );
    expect(broken({ ...overlap, faults: fault('label', work, 23_400, 23_400) })).not.toEqual([]);
  });

  it('a paused machine, for 250 ms from when it wakes', () => {
    const late = processes(2, { termMs: null, aliveMs: 28_100, deadMs: 28_101 });
    expect(broken({ ...late, faults: fault('suspend', 'b', 21_000, 28_000) })).toEqual([]);
    expect(broken({ ...late, faults: fault('suspend', 'b', 21_000, 27_000) })).not.toEqual([]);
    expect(broken({ ...late, faults: fault('suspend', 'a', 21_000, 28_000) })).not.toEqual([]);
  });

  it('a label that the next leader could not take off, but not one that it only did not', () => {
    const labels = [label(1, 'a', true), label(5, 'b', true)];
    expect(broken({ ...healthy, labels, faults: fault('rights', 'b', 2, 3) })).toEqual([]);
    expect(broken({ ...healthy, labels, faults: fault('rights', 'a', 2, 3) })).toEqual([
      'one label',
    ]);
    expect(broken({ ...healthy, labels, faults: fault('kill', 'b', 2, 3) })).toEqual(['one label']);
  });

  it('a restore of etcd, for a retry period and a second', () => {
    const restored = (history: History) =>
      broken({ ...history, faults: fault('restore', '', 21_000, 22_000) });
    expect(restored(processes(3, { startMs: 22_000 }))).toEqual([]);
    expect(restored(processes(3, { startMs: 21_700 }))).toEqual(['one at a time']);
    expect(restored(processes(3, { token: 20 }))).toEqual([]);
    expect(restored(writes(8, { atMs: 25_900 }))).toEqual([]);
  });

  it('a job that is run again after a restore, but not one that is recorded before its success', () => {
    const restored = (history: History) =>
      broken({ ...history, faults: fault('restore', '', 31_000, 32_500) });
    expect(restored(processes(5, { key: 'success-1' }))).toEqual([]);
    expect(restored(processes(4, { end: { atMs: 31_500, status: 1 } }))).toEqual(['once']);
  });

  it('no release while a child lives, after a restore either', () => {
    const early = writes(5, { atMs: 8_900 });
    expect(broken({ ...early, faults: fault('restore', '', 8_000, 8_500) })).toEqual([
      'release last',
    ]);
  });

  it('a lease that was deleted, as the deletion may be received before the renewal that it lets land', () => {
    const early = writes(8, { atMs: 25_900 });
    expect(broken({ ...early, faults: fault('delete', work, 19_990, 20_010) })).toEqual([]);
    expect(broken({ ...early, faults: fault('empty', work, 19_990, 20_010) })).toEqual([
      'not taken early',
    ]);
  });

  it('what an administrator writes into a restored Lease, which takes nothing', () => {
    expect(broken(writes(8, { atMs: 25_900, user: 'admin' }))).toEqual([]);
  });

  it('a token below one of before a restore, however long ago that was', () => {
    const low = processes(3, { token: 20 });
    const restored = (fromMs: number) =>
      broken({ ...low, faults: fault('restore', '', fromMs, fromMs + 500) });
    expect(restored(10_000)).toEqual([]);
    expect(restored(8_000)).toEqual(broken(low));
    expect(broken(low)).toContain('tokens grow');
  });

  it('a machine that stood still, for as long as it did', () => {
    const late = processes(2, { termMs: 23_400 });
    expect(broken({ ...late, gaps: [{ fromMs: 22_000, toMs: 22_300 }] })).toEqual([]);
    expect(broken({ ...late, gaps: [{ fromMs: 22_000, toMs: 22_100 }] })).toEqual([
      'stopped in time',
    ]);
  });
});
