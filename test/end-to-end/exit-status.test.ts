import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callApi, readLease, sandbox, start, temporaryFolder, waitFor } from './rig.ts';

const lock = ['--lock-name', 'x'];

/** A record that somebody holds and has just renewed. */
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

describe('the exit status', () => {
  it.each([0, 1, 3, 75, 124, 125, 255])("is the child's own: %i", async (code) => {
    const { kubeconfigPath } = await sandbox();
    const { exitCode } = await start(kubeconfigPath, [...lock, '--', 'sh', '-c', `exit ${code}`]);
    expect(exitCode).toBe(code);
  });

  it.each([
    ['TERM', 143],
    ['KILL', 137],
    ['SEGV', 139],
    ['USR1', 138],
  ])('is 128+n for a child that SIG%s ended', async (signal, status) => {
    const { kubeconfigPath } = await sandbox();
    const run = start(kubeconfigPath, [...lock, '--', 'sh', '-c', `kill -${signal} $$`]);
    expect((await run).exitCode).toBe(status);
  });

  it('is 127 for a command that does not exist, and 126 for one that cannot be executed', async () => {
    const { kubeconfigPath } = await sandbox();
    const file = join(temporaryFolder(), 'not-executable');
    writeFileSync(file, 'echo hello\n', { mode: 0o644 });
    expect((await start(kubeconfigPath, [...lock, '--', 'no-such-command'])).exitCode).toBe(127);
    expect((await start(kubeconfigPath, [...lock, '--', file])).exitCode).toBe(126);
  });

  it('is 124 after --wait on a lease that is held by somebody alive, and no child was started', async () => {
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

  it("is the child's own after TERM, which the child gets; and the lease is released", async () => {
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

  it('is 143 after TERM on standby, and no child was started', async () => {
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
  it('is created again by its leader, with no transitions, and the child runs on', async () => {
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
