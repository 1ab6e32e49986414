/** How the files of a run are read. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { files, readHistory } from './history.ts';

const second = 1_000_000_000;
const wallAtBoot = Date.UTC(2030, 0, 1);

/** An audit line of a write that was received so many seconds after the boot. */
function audit(id: string, atSeconds: number, more: object): string {
  const at = new Date(wallAtBoot + atSeconds * 1_000).toISOString().replace('Z', '000Z');
  const objectRef = { resource: 'leases', namespace: 'ns', name: 'work' };
  const base = { kind: 'Event', auditID: id, stage: 'ResponseComplete', verb: 'update', objectRef };
  const user = { username: 'c0' };
  return JSON.stringify({ ...base, user, requestReceivedTimestamp: at, ...more });
}

function written(version: number, holderIdentity: string, runs?: string): object {
  const annotations = runs === undefined ? {} : { 'leader-run/runs': runs };
  const metadata = { name: 'work', resourceVersion: String(version), annotations };
  const spec = { holderIdentity, leaseDurationSeconds: 5, renewTime: `of ${version}` };
  return { responseStatus: { code: 200 }, responseObject: { metadata, spec } };
}

function folderOf(observer: readonly string[], auditLines: readonly string[]): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, files.stamps));
  const clock = `clock ${second} ${wallAtBoot * 1e6 + second}`;
  writeFileSync(join(folder, files.observer), [clock, ...observer, ''].join('\n'));
  writeFileSync(join(folder, files.audit), [...auditLines, ''].join('\n'));
  writeFileSync(join(folder, files.faults), '');
  writeFileSync(join(folder, files.settings), JSON.stringify({ renewFraction: 0.5, left: [] }));
  return folder;
}

const read = (folder: string) => readHistory(folder, join(folder, files.audit));

test('a process lives from its first stamp until it was last seen alive', () => {
  const file = `7.4711.${second}`;
  const folder = folderOf([`dead ${file} ${4 * second} ${5 * second}`], []);
  const stamps = [
    'start 1000000000 c0.1 ns/work - main',
    'alive 2000000000',
    'term 3000000000',
    '',
  ];
  writeFileSync(join(folder, files.stamps, file), stamps.join('\n'));
  expect(read(folder).processes).toEqual([
    {
      ...{ token: 7, identity: 'c0.1', lock: 'ns/work', key: '-', isMain: true, end: null },
      ...{ startMs: 1_000, termMs: 3_000, aliveMs: 4_000, deadMs: 5_000 },
    },
  ]);
});

test('what the observer has not seen dead is not dead, and its own last stamp counts', () => {
  const folder = folderOf([], []);
  const stamps = 'start 1000000000 c0.1 ns/work k other\nalive 2000000000\nend 2500000000 3\nali';
  writeFileSync(join(folder, files.stamps, `7.4711.${second}`), stamps);
  const [only] = read(folder).processes;
  expect(only).toMatchObject({ aliveMs: 2_500, deadMs: Infinity, isMain: false, key: 'k' });
  expect(only?.end).toEqual({ atMs: 2_500, status: 3 });
});

test('writes are in the order of their versions, by the clock of the stamps', () => {
  const folder = folderOf(
    [],
    [
      audit('b', 3.001, written(12, '')),
      audit('a', 3.002, written(11, 'c0.1', '[{"key":"k","token":"9"}]')),
      audit('c', 4, { ...written(0, ''), responseStatus: { code: 409 } }),
    ],
  );
  const { writes } = read(folder);
  expect(writes.map(({ version, holder }) => [version, holder])).toEqual([
    [11, 'c0.1'],
    [12, ''],
  ]);
  expect(writes[0]?.atMs).toBeCloseTo(3_002, 0);
  expect(writes[0]).toMatchObject({ lock: 'ns/work', user: 'c0', leaseMs: 5_000, maybe: false });
  expect(writes[0]?.runs).toEqual([{ key: 'k', token: '9' }]);
});

test('a write that leaves the record as it is has renewed nothing', () => {
  const renewal = written(11, 'c0.1');
  const { responseObject } = renewal as { responseObject: { metadata: object; spec: object } };
  const metadata = { ...responseObject.metadata, resourceVersion: '12' };
  const edit = { ...renewal, responseObject: { ...responseObject, metadata } };
  const folder = folderOf([], [audit('a', 2, renewal), audit('b', 3, edit)]);
  expect(read(folder).writes.map(({ version }) => version)).toEqual([11]);
});

test('a write without an answer may have landed; one with an answer counts once', () => {
  const folder = folderOf(
    [],
    [
      audit('a', 2, { stage: 'RequestReceived' }),
      audit('a', 2, written(11, 'c0.1')),
      audit('b', 3, { stage: 'RequestReceived' }),
      audit('c', 4, { responseStatus: { code: 504 } }),
    ],
  );
  expect(read(folder).writes.map(({ maybe }) => maybe)).toEqual([false, true, true]);
});

test('a server that was set back counts on from an older version: then time decides', () => {
  const lines = [10, 20, 15, 16].map((version, at) =>
    audit(`${at}`, 2 + 2 * at, written(version, 'c0.1')),
  );
  const { writes } = read(folderOf([], lines));
  expect(writes.map(({ version }) => version)).toEqual([10, 20, 15, 16]);
});

test('a line that was cut off by a kill takes none of its neighbours with it', () => {
  const folder = folderOf(
    [],
    [audit('a', 2, written(11, 'c0.1')).slice(0, 90) + audit('b', 3, written(12, 'c0.1'))],
  );
  appendFileSync(join(folder, files.audit), '{"kind":"Event"');
  expect(read(folder).writes.map(({ version }) => version)).toEqual([12]);
});

test('labels of Pods', () => {
  const pod = (labels: object) => ({
    objectRef: { resource: 'pods', namespace: 'ns', name: 'c0' },
    verb: 'patch',
    responseStatus: { code: 200 },
    responseObject: { metadata: { name: 'c0', resourceVersion: '5', labels } },
  });
  const folder = folderOf(
    [],
    [
      audit('a', 2, pod({ torture: 'leads' })),
      audit('b', 3, { ...pod({}), stage: 'RequestReceived' }),
    ],
  );
  expect(read(folder).labels.map(({ isLabelled }) => isLabelled)).toEqual([true, null]);
});
