/** Stopping, signalling and killing what the tree consists of while scans fail. */
import { expect, test } from 'vitest';
import { Tree } from '../../src/command/tree/process-tree.ts';
import { type ProcessRow, ScanFailedError } from '../../src/process/process-table.ts';

const rowOf = (pid: number): ProcessRow => ({
  pid,
  parent: 1,
  group: pid,
  session: pid,
  startTicks: 1,
  state: 'S',
  threads: 1,
  name: 'daemon',
});

/** What is sent to whom, where each scan shows the next of these, and the last one ever after; null: it fails. */
function treeThatShows(scans: readonly (readonly number[] | null)[]) {
  const sent: string[] = [];
  let scan = 0;
  const root = { pid: 100, startTicks: 1, hasOwnGroup: true, marker: '' };
  const members = () => {
    const shown = scans[Math.min(scan, scans.length - 1)] ?? null;
    scan += 1;
    if (shown === null) throw new ScanFailedError('Cannot read /proc: EMFILE');
    return shown.map(rowOf);
  };
  const tree = new Tree(root, members, {
    killGroup: (group, signal) => void sent.push(`${signal} to the group ${group}`),
    killProcess: (pid, signal) => void sent.push(`${signal} to ${pid}`),
  });
  return { tree, sent };
}

test('A member that was forked before a scan that failed is killed by the same call', () => {
  const { tree, sent } = treeThatShows([[201], [201], null, [201, 202]]);
  const killed = tree.kill();
  expect([...killed]).toEqual([201, 202]);
  expect(sent).toEqual(['SIGSTOP to 201', 'SIGSTOP to 202', 'SIGKILL to 201', 'SIGKILL to 202']);
});

test('A signal reaches it, too, and no process stays stopped', () => {
  const { tree, sent } = treeThatShows([[201], [201], null, [201, 202]]);
  tree.signal('SIGTERM');
  expect(sent).toEqual([
    ...['SIGSTOP to 201', 'SIGSTOP to 202'],
    ...['SIGTERM to 201', 'SIGTERM to 202'],
    ...['SIGCONT to 201', 'SIGCONT to 202'],
  ]);
});

test('The group gets a signal though the first scan failed', () => {
  const { tree, sent } = treeThatShows([null, [100]]);
  tree.signal('SIGTERM');
  expect(sent).toEqual(['SIGTERM to the group 100']);
});

test('Scans that fail for good end, and what was found before is killed', () => {
  const { tree, sent } = treeThatShows([[201], [201], null]);
  tree.kill();
  expect(sent).toEqual(['SIGSTOP to 201', 'SIGKILL to 201']);
});
