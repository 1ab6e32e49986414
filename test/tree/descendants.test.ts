/** A scan of what dies faster than it can be looked at. */
import { expect, test } from 'vitest';
import { Descendants } from '../../src/command/tree/descendants.ts';
import type { Subreaper } from '../../src/command/tree/subreaper.ts';
import { ScanFailedError, type ProcessRow } from '../../src/process/process-table.ts';

const self = 10;
const markers = { tree: 'TREE=1', helper: 'HELPER=1' };

function rowOf(pid: number, parent: number, state: string): ProcessRow {
  return { pid, parent, group: pid, session: pid, state, startTicks: pid, name: 'sh', threads: 1 };
}

/** Each look finds another orphan that has just ended, and is no member. */
function stormySubreaper(): Subreaper & { reads: number } {
  const subreaper = {
    pid: self,
    reads: 0,
    read: () => {
      subreaper.reads += 1;
      if (subreaper.reads > 1_000) throw new Error('it looks for ever');
      const rows = [rowOf(self, 1, 'R'), rowOf(100 + subreaper.reads, self, 'Z')];
      return new Map(rows.map((row) => [row.pid, row]));
    },
    children: () => [],
    started: () => new Set<number>(),
    environmentOf: () => null,
    reap: () => 'reaped' as const,
  };
  return subreaper;
}

test('is given up after some looks, as one that failed: that nothing lives is not known', () => {
  const subreaper = stormySubreaper();
  const descendants = new Descendants({ subreaper, markers });
  const root = { pid: 50, startTicks: 50, hasOwnGroup: true, marker: markers.tree };
  const find = descendants.findOf(root);
  const before = subreaper.reads;
  expect(find).toThrow(ScanFailedError);
  expect(subreaper.reads - before).toBeLessThan(20);
});

test('who has gone to another pid namespace is looked after although our list of children does not change: its orphans do not come to us', () => {
  let rows: readonly ProcessRow[] = [];
  const subreaper: Subreaper = {
    ...stormySubreaper(),
    read: () => new Map(rows.map((row) => [row.pid, row])),
    children: () => [50],
    started: () => new Set([50]),
    reap: () => 'alive',
  };
  const descendants = new Descendants({ subreaper, markers });
  const root = { pid: 50, startTicks: 50, hasOwnGroup: true, marker: markers.tree };
  const find = descendants.findOf(root);
  rows = [rowOf(50, self, 'S'), rowOf(60, 50, 'S')];
  expect(find()).toHaveLength(2);
  expect(descendants.mayHaveOutsiders()).toBe(false);
  rows = [rowOf(50, self, 'S'), rowOf(60, 7, 'S')];
  expect(find()).toHaveLength(2);
  expect(descendants.mayHaveOutsiders()).toBe(true);
});
