/**
 * Random processes fork, exec, leave, end and are adopted, with reused pids and scans at random moments; each knows what it was
 * forked by, and so what has to be said of it. An oracle (`test/simulation/oracle.ts`) tells of which that can be known at all.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Marker, TreeMemory } from '../../src/command/tree/judge-tree.ts';
import { judgeTree, hiddenFromGuard } from '../../src/command/tree/judge-tree.ts';
import type { ProcessRow } from '../../src/process/process-table.ts';
import { type Step, World, steps, untorn } from './world.ts';

const runs = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300) * 3 };

/** Plays the steps and has each scan checked by `check`. */
function play(hasLists: boolean, script: readonly Step[], check: (world: World) => void): void {
  const world = new World(hasLists);
  for (const step of script) {
    world.perform(step);
    if (step.id === 'scan') check(world);
  }
  world.perform({ id: 'scan' });
  check(world);
}

test.each([
  ['children lists', true],
  ['the whole table', false],
])('Members are exactly the processes of the command, by %s', (_, hasLists) => {
  fc.assert(
    fc.property(steps, (script) =>
      // With lists a process that is forked in the middle of a scan may not be in it: whether it could be is not decided here.
      play(hasLists, hasLists ? script.map(untorn) : script, ({ verdicts }) => {
        for (const { name, isMember, isOfCommand, isDecided } of verdicts)
          if (isDecided) expect(`${name}: ${isMember}`).toBe(`${name}: ${isOfCommand}`);
      }),
    ),
    runs,
  );
});

test('In doubt an orphan is a member, unless it shows no marker while an older child lives', () => {
  fc.assert(
    fc.property(steps, (script) =>
      play(true, script.map(untorn), ({ verdicts }) => {
        for (const { isMember, isDecided, isUnmarkedBesideOlder, isOrphan } of verdicts)
          if (!isDecided && isOrphan && !isUnmarkedBesideOlder) expect(isMember).toBe(true);
      }),
    ),
    runs,
  );
});

test('Nothing is left when nothing of the command lives', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const world = new World(true);
      for (const step of script) world.perform(step);
      world.endCommand();
      world.perform({ id: 'scan' });
      for (const { isMember, isDecided } of world.verdicts)
        if (isDecided) expect(isMember).toBe(false);
    }),
    runs,
  );
});

const row = (pid: number, parent: number, more: Partial<ProcessRow> = {}): ProcessRow => ({
  pid,
  parent,
  group: 1,
  session: 1,
  startTicks: pid,
  name: 'sh',
  state: 'S',
  threads: 1,
  ...more,
});

function judge(
  rows: readonly ProcessRow[],
  before: TreeMemory = new Map(),
  more: { started?: number[]; command?: number; markerOf?: (pid: number) => Marker } = {},
) {
  const { members, memory } = judgeTree(
    {
      self: 10,
      rows: new Map(rows.map((each) => [each.pid, each])),
      started: new Set(more.started),
      command: more.command ?? null,
      markerOf: more.markerOf ?? (() => 'unknown'),
    },
    before,
  );
  return { members: members.map(({ pid }) => pid), memory: Object.fromEntries(memory) };
}

test('What is certain is remembered, with start times, and nothing else', () => {
  const older = { startTicks: 11, kind: 'older' } as const;
  const { members, memory } = judge(
    [row(11, 10), row(12, 10), row(13, 12), row(14, 10), row(15, 14), row(16, 1), row(17, 99)],
    new Map([
      [11, older],
      [99, older],
    ]),
    { started: [12], command: 12 },
  );

  expect(members).toEqual([12, 13, 14, 15]);
  expect(memory).toEqual({
    11: older,
    12: { startTicks: 12, kind: 'member' },
    13: { startTicks: 13, kind: 'member' },
  });
});

test('The start time of a hidden process stays known', () => {
  const before = new Map([[11, { startTicks: 7, kind: 'older' as const }]]);
  const { memory } = judge([row(11, 10, { startTicks: 0, state: '?' })], before);

  expect(memory).toEqual({ 11: { startTicks: 7, kind: 'older' } });
  expect(
    judge(
      [row(11, 10, { startTicks: 8 })],
      new Map(Object.entries(memory).map(([pid, known]) => [Number(pid), known])),
    ).members,
  ).toEqual([11]);
});

test('A process that was hidden from the beginning is known when it shows itself', () => {
  const first = judge([row(12, 10, { startTicks: 0, state: '?' })], undefined, {
    markerOf: () => 'helper',
  });

  expect(first.memory).toEqual({ 12: { startTicks: 0, kind: 'helper' } });
  expect(judge([row(12, 10)], new Map([[12, first.memory['12'] as never]])).members).toEqual([]);
});

test('Each marker has its meaning, and one that is unknown is asked for again', () => {
  const before = new Map([[11, { startTicks: 11, kind: 'older' as const }]]);
  const markers: Readonly<Record<number, Marker>> = {
    12: 'tree',
    13: 'helper',
    14: 'none',
    15: 'unknown',
  };
  const rows = [row(11, 10), row(12, 10), row(13, 10), row(14, 10), row(15, 10)];
  const { members, memory } = judge(rows, before, { markerOf: (pid) => markers[pid] ?? 'unknown' });

  expect(members).toEqual([12, 15]);
  expect(Object.entries(memory).map(([pid, { kind }]) => `${pid} ${kind}`)).toEqual([
    '11 older',
    '12 member',
    '13 helper',
    '14 presumed',
  ]);
});

test('What was presumed of a parent, or is in doubt, does not outweigh the marker of its child', () => {
  const before = new Map([
    [11, { startTicks: 11, kind: 'older' as const }],
    [12, { startTicks: 12, kind: 'presumed' as const }],
  ]);
  const markers: Readonly<Record<number, Marker>> = { 13: 'tree', 14: 'none', 15: 'helper' };
  const rows = [row(11, 10), row(12, 10), row(13, 12), row(14, 12), row(15, 12), row(16, 12)];
  const { members, memory } = judge(rows, before, { markerOf: (pid) => markers[pid] ?? 'unknown' });

  expect(members).toEqual([13]);
  expect(Object.entries(memory).map(([pid, { kind }]) => `${pid} ${kind}`)).toEqual([
    '11 older',
    '12 presumed',
    '13 member',
    '14 presumed',
    '15 helper',
    '16 presumed',
  ]);

  const doubted = judge([row(12, 10), row(13, 12), row(15, 12), row(16, 12)], undefined, {
    markerOf: (pid) => markers[pid] ?? 'unknown',
  });
  expect(doubted.members).toEqual([12, 13, 16]);
  expect(Object.keys(doubted.memory)).toEqual(['13', '15']);
});

test('Without an older child, one that shows no marker is a member, and is asked again', () => {
  const { members, memory } = judge([row(12, 10)], undefined, { markerOf: () => 'none' });

  expect(members).toEqual([12]);
  expect(memory).toEqual({});
});

test('A zombie is no member, unless other threads of it run', () => {
  const rows = [row(12, 10, { state: 'Z' }), row(13, 10, { state: 'Z', threads: 2 })];

  expect(judge(rows).members).toEqual([13]);
});

test('A circle of parents is left alone', () => {
  const rows = [
    row(20, 21, { startTicks: 5 }),
    row(21, 20, { startTicks: 5 }),
    row(22, 21, { startTicks: 5 }),
  ];

  expect(judge(rows)).toEqual({ members: [], memory: {} });
});

test('A parent of the same tick is one, a younger one is not', () => {
  const rows = [
    row(12, 10, { startTicks: 50 }),
    row(13, 12, { startTicks: 50 }),
    row(14, 12, { startTicks: 49 }),
  ];

  expect(judge(rows, undefined, { started: [12], command: 12 }).members).toEqual([12, 13]);
});

test('The guard is told of those that do not descend from the command', () => {
  const root = { pid: 12, startTicks: 12 };
  const members = [
    row(12, 10, { group: 12 }),
    row(13, 12, { group: 13 }),
    row(14, 13, { group: 14 }),
    row(15, 10, { group: 12 }),
    row(16, 15, { group: 16 }),
    row(17, 10, { group: 17 }),
    row(18, 17, { group: 17 }),
  ];
  const told = (root: { pid: number; startTicks: number }, rows = members) =>
    hiddenFromGuard(rows, root).map(({ pid }) => pid);

  // Also of an orphan in the command's group, because it may have children elsewhere.
  expect(told(root)).toEqual([15, 16, 17, 18]);
  // The command has ended: nothing descends from it.
  expect(told(root, members.slice(1))).toEqual([13, 14, 15, 16, 17, 18]);
  // Another has its number.
  expect(told({ ...root, startTicks: 11 })).toEqual([12, 13, 14, 15, 16, 17, 18]);
  // it is hidden: nothing can say that it is another.
  expect(told(root, [row(12, 10, { startTicks: 0 }), row(13, 12)])).toEqual([]);
});
