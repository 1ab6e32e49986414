/** Issue 15: one migration for twenty replicas, on a real API server. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createNamespace, leasePath, mustCallApi } from './api.ts';
import { Candidate } from './candidates.ts';

const leaderRun = resolve(import.meta.dirname, '../../bin/leader-run');
const replicas = 20;
const patienceMs = 120_000;

/** A migration that notes its runs; `line` is a line of shell in it. */
function migration(line: string) {
  const folder = mkdtempSync(join(tmpdir(), 'leader-run-once-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const notes = join(folder, 'runs');
  appendFileSync(notes, '');
  const script = `echo "$LEADER_RUN_FENCING_TOKEN" >>${notes}; cd ${folder}; ${line}`;
  return { script, runs: () => readFileSync(notes, 'utf8').split('\n').slice(0, -1) };
}

function migrate(namespace: string, script: string, flags: readonly string[] = []): Candidate {
  const { adminKubeconfig } = inject('cluster');
  const where = ['--kubeconfig', adminKubeconfig, '-n', namespace, '--lock-name', 'migrate'];
  const once = ['--once', 'v2', '--wait', '90s', '--lease-duration', '6s', ...flags];
  return new Candidate(leaderRun, [...where, ...once, '--', 'sh', '-c', script]);
}

async function remembered(namespace: string): Promise<{ key: string; token: string }[]> {
  const lease = await mustCallApi(inject('cluster'), 'GET', leasePath(namespace, 'migrate'));
  const { annotations } = (lease as { metadata: { annotations: Record<string, string> } }).metadata;
  return JSON.parse(annotations['leader-run/runs'] ?? '[]') as [];
}

test(`of ${replicas} replicas one runs, and all end with 0`, { timeout: patienceMs }, async () => {
  const namespace = await createNamespace(inject('cluster'));
  const { script, runs } = migration('sleep 1');
  const all = Array.from({ length: replicas }, () => migrate(namespace, script));
  const ends = await Promise.all(all.map(({ ended }) => ended));
  expect(ends).toEqual(all.map(() => ({ code: 0, signal: null })));
  expect(runs()).toHaveLength(1);
  expect(await remembered(namespace)).toMatchObject([{ key: 'v2', token: runs()[0] }]);
});

test('the first attempt fails: the next one tries', { timeout: patienceMs }, async () => {
  const namespace = await createNamespace(inject('cluster'));
  const { script, runs } = migration('mkdir tried 2>/dev/null && exit 3; exit 0');
  const all = Array.from({ length: replicas }, () => migrate(namespace, script));
  const codes = (await Promise.all(all.map(({ ended }) => ended))).map(({ code }) => code);
  expect(codes.filter((code) => code === 3)).toHaveLength(1);
  expect(codes.filter((code) => code === 0)).toHaveLength(replicas - 1);
  expect(runs()).toHaveLength(2);
});

test('SIGKILL in the middle: another runs after the expiry', { timeout: patienceMs }, async () => {
  const namespace = await createNamespace(inject('cluster'));
  const { script, runs } = migration(
    'mkdir tried 2>/dev/null && { echo in the middle; sleep 60; }; exit 0',
  );
  const first = migrate(namespace, script);
  await first.until('run', () => first.output.includes('in the middle') || null);
  const others = Array.from({ length: replicas - 1 }, () => migrate(namespace, script));
  await Promise.all(
    others.map((other) =>
      other.until('wait', () => other.output.some((line) => line.includes('Waiting')) || null),
    ),
  );
  first.kill('SIGKILL');
  const ends = await Promise.all(others.map(({ ended }) => ended));
  expect(ends).toEqual(others.map(() => ({ code: 0, signal: null })));
  expect(runs()).toHaveLength(2);
});
