/** `--once`, as scripts and cron use it. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { callApi, readLease, sandbox, start, waitFor } from './rig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const patienceMs = 60_000;

/** Notes each run in a file; `then` is a line of shell. */
function job(then = 'exit 0'): { command: string[]; runs: () => string[] } {
  const file = join(temporaryFolder(), 'runs');
  const script = `echo "$LEADER_RUN_ONCE_KEY $LEADER_RUN_FENCING_TOKEN" >>"${file}"; ${then}`;
  const runs = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);
  return { command: ['--', 'sh', '-c', script], runs };
}

function once(
  { kubeconfigPath }: Sandbox,
  key: string,
  flags: readonly string[],
  command: string[],
) {
  return start(kubeconfigPath, ['--lock-name', 'job', '--once', key, ...flags, ...command]);
}

async function runsOf(server: Sandbox): Promise<{ key: string; token: string | null }[]> {
  const lease = await readLease(server, 'job');
  const annotations = lease?.metadata.annotations as Record<string, string> | undefined;
  return JSON.parse(annotations?.['leader-run/runs'] ?? '[]') as [];
}

function setRuns(server: Sandbox, text: string | null): Promise<Response> {
  const metadata = { annotations: { 'leader-run/runs': text } };
  return callApi(server, 'PATCH', '/job', { metadata });
}

describe('--once', () => {
  it('of 20 replicas one runs, and all end with 0', { timeout: patienceMs }, async () => {
    const server = await sandbox();
    const { command, runs } = job('sleep 0.2');
    const replicas = Array.from({ length: 20 }, () =>
      once(server, 'v2', ['--wait', '50s'], command),
    );
    const statuses = await Promise.all(replicas.map(async (replica) => (await replica).exitCode));
    expect(statuses).toEqual(replicas.map(() => 0));
    expect(runs()).toHaveLength(1);
    const [run] = await runsOf(server);
    expect(runs()[0]).toBe(`v2 ${run?.token}`);
  });

  it('is tried again by the next one where the first attempt fails', async () => {
    const server = await sandbox();
    const flag = join(temporaryFolder(), 'tried');
    const { command, runs } = job(`test -e ${flag} || { touch ${flag}; exit 3; }`);
    const replicas = ['a', 'b', 'c'].map((id) => once(server, 'v2', ['--id', id], command));
    const statuses = await Promise.all(replicas.map(async (replica) => (await replica).exitCode));
    expect(statuses.toSorted()).toEqual([0, 0, 3]);
    expect(runs()).toHaveLength(2);
  });

  it('looks at what is done before it looks at who leads', async () => {
    const server = await sandbox();
    const { command, runs } = job();
    expect((await once(server, 'v1', [], command)).exitCode).toBe(0);
    const holder = once(server, 'v2', [], job('echo runs; read -r _; exit 0').command);
    await waitFor(holder.stdout, 'runs');
    expect((await once(server, 'v1', ['--try'], command)).exitCode).toBe(0);
    expect((await once(server, 'v3', ['--try'], command)).exitCode).toBe(124);
    const own = ['--try', '--done-exit-code', '9'];
    const done = await once(server, 'v1', own, command);
    expect(done.exitCode).toBe(9);
    expect(done.stderr).toMatch(/Not running the command: "v1" was done by ".*", begun at 20/);
    expect(runs()).toHaveLength(1);
    holder.kill('SIGTERM');
    await holder;
  });

  it('ends all who wait as soon as a release shows the key', async () => {
    const server = await sandbox();
    const fifo = temporaryFolder();
    const script = `echo runs; until test -e ${fifo}/end; do sleep 0.05; done`;
    const first = once(server, 'v2', [], job(script).command);
    await waitFor(first.stdout, 'runs');
    const waiting = once(server, 'v2', [], job().command);
    await waitFor(waiting.stderr, 'Waiting for lease');
    appendFileSync(`${fifo}/end`, '');
    expect([(await first).exitCode, (await waiting).exitCode]).toEqual([0, 0]);
    expect((await waiting).stderr).toContain('Not running the command: "v2" was done by');
  });

  it('does not run by what it cannot read, and says how to run all the same', async () => {
    const server = await sandbox();
    const { command, runs } = job();
    expect((await once(server, 'v1', [], command)).exitCode).toBe(0);
    for (const text of ['yes', '{}', '[1]', `[${'"x",'.repeat(30_000)}1]`]) {
      await setRuns(server, text);
      const { exitCode, stderr } = await once(server, 'v2', [], command);
      expect(exitCode).toBe(125);
      expect(stderr).toMatch(
        /Cannot read which runs were done: .* kubectl annotate -n default lease job leader-run\/runs-$/,
      );
    }
    expect(runs()).toHaveLength(1);
    await setRuns(server, null);
    expect((await once(server, 'v2', [], command)).exitCode).toBe(0);
    expect(runs()).toHaveLength(2);
  });

  it('remembers what counts also where others use the lock without it', async () => {
    const server = await sandbox();
    const { command, runs } = job();
    await once(server, 'v1', [], command);
    await start(server.kubeconfigPath, ['--lock-name', 'job', ...command]);
    await once(server, 'v1', [], command);
    expect(runs()).toHaveLength(2);
  });

  it('a Lease that is deleted before the release is created again, and remembers the run', async () => {
    const server = await sandbox();
    const folder = temporaryFolder();
    // What is left behind delays the release. It ignores TERM before it is there.
    const script = `trap "" TERM; (until test -e ${folder}/end; do sleep 0.02; done) & echo runs`;
    const first = once(server, 'v2', [], job(script).command);
    await waitFor(first.stderr, 'exited with 0');
    await callApi(server, 'DELETE', '/job');
    appendFileSync(`${folder}/end`, '');
    const { exitCode } = await first;
    expect(exitCode).toBe(0);
    expect(await runsOf(server)).toMatchObject([{ key: 'v2' }]);
  });
});

it('--once: an annotation that is broken while the command runs is written again by its release', async () => {
  const server = await sandbox();
  const folder = temporaryFolder();
  await once(server, 'v1', [], job().command);
  const second = once(
    server,
    'v2',
    [],
    job(`until test -e ${folder}/end; do sleep 0.02; done`).command,
  );
  await waitFor(second.stderr, 'Leading lease');
  await setRuns(server, 'broken');
  appendFileSync(`${folder}/end`, '');
  expect((await second).exitCode).toBe(0);
  expect(await runsOf(server)).toMatchObject([{ key: 'v2' }, { key: 'v1' }]);
});

describe('--once-at start', () => {
  it('a run that failed is not run again', async () => {
    const server = await sandbox();
    const { command, runs } = job('exit 3');
    const flags = ['--once-at', 'start'];
    expect((await once(server, 'v2', flags, command)).exitCode).toBe(3);
    expect((await once(server, 'v2', flags, command)).exitCode).toBe(0);
    expect(runs()).toHaveLength(1);
  });

  it('nor is one whose leader-run was killed', { timeout: patienceMs }, async () => {
    const server = await sandbox();
    const { command, runs } = job('echo runs; sleep 30');
    const flags = ['--once-at', 'start', '--lease-duration', '4s'];
    const first = once(server, 'v2', flags, command);
    await waitFor(first.stdout, 'runs');
    first.kill('SIGKILL');
    await first;
    expect((await once(server, 'v2', flags, command)).exitCode).toBe(0);
    expect(runs()).toHaveLength(1);
    expect(await runsOf(server)).toMatchObject([{ key: 'v2', token: null }]);
  });
});

it(
  '--once: another runs after the expiry when the runner is killed in the middle',
  { timeout: patienceMs },
  async () => {
    const server = await sandbox();
    const folder = temporaryFolder();
    const { command, runs } = job(`test -e ${folder}/second || { echo runs; sleep 30; }`);
    const flags = ['--lease-duration', '4s'];
    const first = once(server, 'v2', flags, command);
    await waitFor(first.stdout, 'runs');
    const second = once(server, 'v2', flags, command);
    await waitFor(second.stderr, 'Waiting for lease');
    appendFileSync(`${folder}/second`, '');
    first.kill('SIGKILL');
    expect((await second).exitCode).toBe(0);
    expect(runs()).toHaveLength(2);
    expect(await runsOf(server)).toMatchObject([{ key: 'v2' }]);
  },
);

it('--once-per: by the time of the server, whatever the clock of the machine says', async () => {
  const server = await sandbox();
  const { command, runs } = job();
  const run = (period: string) =>
    start(server.kubeconfigPath, ['--lock-name', 'job', '--once-per', period, ...command]);
  expect((await run('1h')).exitCode).toBe(0);
  const second = await run('1h');
  expect(second.exitCode).toBe(0);
  expect(second.stderr).toMatch(
    /Not running the command: ".*" ran it at .*, and --once-per is not over/,
  );
  expect(runs()).toEqual([expect.stringMatching(/^\d+$/)]);
  // Whatever its key.
  const recent = new Date(Date.now() - 10_000).toISOString();
  await setRuns(server, JSON.stringify([{ key: 'v1', start: recent, by: 'a', token: '1' }]));
  expect((await run('50s')).stderr).toContain('"a" ran "v1" at 20');
  const start60sAgo = new Date(Date.now() - 60_000).toISOString();
  await setRuns(server, JSON.stringify([{ key: '', start: start60sAgo, by: 'a', token: '1' }]));
  expect((await run('50s')).exitCode).toBe(0);
  expect(runs()).toHaveLength(2);
});

it('--once-per: a run that began in the future tells nothing, and is not waited for', async () => {
  const server = await sandbox();
  const { command, runs } = job();
  const run = () =>
    start(server.kubeconfigPath, ['--lock-name', 'job', '--once-per', '5s', ...command]);
  expect((await run()).exitCode).toBe(0);
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  await setRuns(server, JSON.stringify([{ key: '', start: inAnHour, by: 'a', token: '1' }]));
  const { exitCode, stderr } = await run();
  expect(exitCode).toBe(125);
  expect(stderr).toMatch(
    /Cannot tell whether --once-per is over: .* kubectl annotate -n default lease job leader-run\/runs-$/,
  );
  await setRuns(server, null);
  expect((await run()).exitCode).toBe(0);
  expect(runs()).toHaveLength(2);
});
