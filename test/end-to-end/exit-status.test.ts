import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callApi, readLease, sandbox, start, waitFor } from './rig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const lock = ['--lock-name', 'x'];

/** A record that someone holds and has just renewed. */
function heldBy(holder: string, ageMs = 0): object {
  const time = new Date(Date.now() - ageMs).toISOString().replace('Z', '000Z');
  return {
    metadata: { name: 'x' },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: 15,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 4,
    },
  };
}

const statuses = Array.from({ length: 256 }, (_, status) => status);

const { signals } = constants;
/** All that end a process unless it does something about them. */
const deadly = (Object.keys(signals) as NodeJS.Signals[]).filter((name) => {
  const stopping = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'];
  const harmless = ['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'];
  return ![...stopping, ...harmless].includes(name);
});

/** So many at a time. */
const batchSize = 16;

function batches<Value>(values: readonly Value[]): Value[][] {
  const count = Math.ceil(values.length / batchSize);
  return Array.from({ length: count }, (_, at) =>
    values.slice(at * batchSize, (at + 1) * batchSize),
  );
}

/** The exit statuses of as many leader-runs, each of which runs one of these scripts of sh. */
async function statusesOf(scripts: readonly string[]): Promise<(number | undefined)[]> {
  const { kubeconfigPath } = await sandbox();
  const runs = scripts.map((script, at) =>
    start(kubeconfigPath, ['--lock-name', `x-${at}`, '--', 'sh', '-c', script]),
  );
  return Promise.all(runs.map(async (run) => (await run).exitCode));
}

describe('the exit status', () => {
  it.each(batches(statuses))("is the command's own: %i, %i, …", async (...codes) => {
    expect(await statusesOf(codes.map((code) => `exit ${code}`))).toEqual(codes);
  });

  it.each(batches(deadly))(
    'is 128+n for a command that a signal ended: %s, %s, …',
    async (...names) => {
      // No core files.
      const scripts = names.map((name) => `ulimit -c 0; kill -${signals[name]} $$`);
      expect(await statusesOf(scripts)).toEqual(names.map((name) => 128 + signals[name]));
    },
  );

  it('is 127 for a command that does not exist, and 126 for one that cannot be executed', async () => {
    const { kubeconfigPath } = await sandbox();
    const file = join(temporaryFolder(), 'not-executable');
    writeFileSync(file, 'echo hello\n', { mode: 0o644 });
    expect((await start(kubeconfigPath, [...lock, '--', 'no-such-command'])).exitCode).toBe(127);
    expect((await start(kubeconfigPath, [...lock, '--', file])).exitCode).toBe(126);
  });

  it('is 124 after --wait on a lease that is held by a live holder, and no command was started', async () => {
    const api = await sandbox();
    await callApi(api, 'POST', '', heldBy('other'));
    const run = await start(api.kubeconfigPath, [...lock, '--wait', '1s', 'echo', 'started']);
    expect(run.exitCode).toBe(124);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain('held by "other"');
  });

  it('is that of -E for --try on a held lease, and -q makes it silent', async () => {
    const api = await sandbox();
    await callApi(api, 'POST', '', heldBy('other'));
    const run = await start(api.kubeconfigPath, [
      ...lock,
      '--try',
      '-E',
      '0',
      '-q',
      'echo',
      'started',
    ]);
    expect(run.exitCode).toBe(0);
    expect(run.all).toBe('');
  });

  it("is the command's own after TERM, which the command gets; and the lease is released", async () => {
    const api = await sandbox();
    const run = start(api.kubeconfigPath, [
      ...lock,
      '--',
      'sh',
      '-c',
      'trap "echo got TERM; exit 9" TERM; echo up; while :; do sleep 0.02; done',
    ]);
    await waitFor(run.stdout, 'up');
    run.kill('SIGTERM');
    const { exitCode, stdout } = await run;
    expect(stdout).toBe('up\ngot TERM');
    expect(exitCode).toBe(9);
    expect((await readLease(api, 'x'))?.spec).toMatchObject({
      holderIdentity: '',
      leaseDurationSeconds: 1,
    });
  });

  it('is 143 after TERM on standby, and no command was started', async () => {
    const api = await sandbox();
    await callApi(api, 'POST', '', heldBy('other'));
    const run = start(api.kubeconfigPath, [...lock, 'echo', 'started']);
    await waitFor(run.stderr, 'Waiting');
    run.kill('SIGTERM');
    const { exitCode, stdout } = await run;
    expect([exitCode, stdout]).toEqual([143, '']);
    expect((await readLease(api, 'x'))?.spec.holderIdentity).toBe('other');
  });

  it('is 75 when somebody writes another holder into the record, which stays as it was written', async () => {
    const api = await sandbox();
    const run = start(api.kubeconfigPath, [
      ...lock,
      '--',
      'sh',
      '-c',
      'trap "echo told; exit 0" TERM; echo up; while :; do sleep 0.02; done',
    ]);
    await waitFor(run.stdout, 'up');
    await callApi(api, 'PATCH', '/x', { spec: { holderIdentity: 'intruder' } });
    const edited = await readLease(api, 'x');
    const { exitCode, stdout } = await run;
    expect([exitCode, stdout]).toEqual([75, 'up\ntold']);
    expect(await readLease(api, 'x')).toEqual(edited);
  });
});

describe('a lease that was deleted', () => {
  it('is created again by its leader, with no transitions, and the command runs on', async () => {
    const api = await sandbox();
    const run = start(api.kubeconfigPath, [...lock, '--id', 'me', '--', 'cat']);
    await waitFor(run.stderr, 'Leading');
    await callApi(api, 'DELETE', '/x');
    await waitFor(run.stderr, 'deleted');
    let lease = await readLease(api, 'x');
    while (lease === null) lease = await readLease(api, 'x');
    expect(lease.spec).toMatchObject({ holderIdentity: 'me', leaseTransitions: 0 });
    run.stdin.end('still here');
    const { exitCode, stdout } = await run;
    expect([exitCode, stdout]).toEqual([0, 'still here']);
  });
});
