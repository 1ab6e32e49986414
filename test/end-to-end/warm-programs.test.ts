/** `--warm`: the programs of the recipe, and programs that do not do as it says. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { readLease, sandbox, start, waitFor } from './rig.ts';

const patienceMs = 120_000;
const examples = resolve(import.meta.dirname, '../../examples');

function warm(
  { kubeconfigPath }: Sandbox,
  words: readonly string[],
  flags: readonly string[] = [],
) {
  return start(kubeconfigPath, ['--lock-name', 'job', '--warm', ...flags, '--', ...words]);
}

const sh = (script: string) => ['sh', '-c', script];

/** As the files say in their first line. */
const slowPrograms = [
  {
    name: 'Java',
    program: 'java',
    words: sh(`exec java ${join(examples, 'Warm.java')} <&"$LEADER_RUN_FD"`),
  },
  { name: 'Python', program: 'python3', words: ['python3', join(examples, 'warm.py')] },
];

describe('a slow program', () => {
  const isThere = (program: string) => spawnSync(program, ['--version']).status === 0;

  for (const { name, program, words } of slowPrograms)
    it.skipIf(!isThere(program))(
      `in ${name} starts on a standby, and leads by its line (skipped where there is no ${program})`,
      { timeout: patienceMs },
      async () => {
        const server = await sandbox();
        const first = warm(server, words);
        const leads = /leads LEADER_RUN_FENCING_TOKEN=\d+ LEADER_RUN_LEASE_TRANSITIONS=(\d) /;
        expect(await waitFor(first.stdout, 'ACQUIRE_TIME')).toMatch(leads);
        const second = warm(server, words);
        const promoted = waitFor(second.stdout, 'ACQUIRE_TIME');
        await waitFor(second.stdout, 'started');
        first.kill('SIGTERM');
        expect(leads.exec(await promoted)?.[1]).toBe('1');
        second.kill('SIGTERM');
        await second;
      },
    );
});

describe('a program that', () => {
  it.each([
    ['closes the descriptor', 'exec 4<&-; exit 0'],
    ['writes on it', 'echo nonsense >&4; read -r line <&4; exit 0'],
    ['closes it after half of the line', 'head -c 9 <&4 >/dev/null; exec 4<&-; exit 0'],
  ])('%s harms nobody', { timeout: patienceMs }, async (_, script) => {
    const server = await sandbox();
    const { exitCode, stderr } = await warm(server, sh(`trap '' PIPE; ${script}`));
    expect({ exitCode, isAnError: stderr.includes('error') }).toEqual({
      exitCode: 0,
      isAnError: false,
    });
    expect((await readLease(server, 'job'))?.spec.holderIdentity ?? '').toBe('');
  });

  it(
    'does not read it is promoted all the same, renewed, and stopped',
    { timeout: patienceMs },
    async () => {
      const server = await sandbox();
      // What was never written is never read: it would be killed in the end.
      const script = `trap 'read -r word _ <&4; echo "\${word%=*}"; exit 0' TERM; echo up; sleep 60 & wait`;
      const leader = warm(server, sh(script), ['--lease-duration', '4s']);
      const up = waitFor(leader.stdout, 'up');
      await waitFor(leader.stderr, 'Leading lease');
      await up;
      const acquired = await readLease(server, 'job');
      // By then one that was not renewed would have been lost.
      await expect
        .poll(async () => (await readLease(server, 'job'))?.spec.renewTime, { timeout: 20_000 })
        .not.toBe(acquired?.spec.renewTime);
      leader.kill('SIGTERM');
      const { exitCode, stdout } = await leader;
      expect([exitCode, stdout]).toEqual([0, 'up\nLEADER_RUN_FENCING_TOKEN']);
    },
  );

  it(
    'does not wait works on a standby too: that it waits is its own promise',
    { timeout: patienceMs },
    async () => {
      const server = await sandbox();
      const first = warm(server, sh('read -r _ <&4; echo works; sleep 60 & wait'));
      await waitFor(first.stdout, 'works');
      const second = warm(server, sh('echo works; sleep 60 & wait'));
      await waitFor(second.stdout, 'works');
      for (const each of [first, second]) each.kill('SIGTERM');
      await Promise.all([first, second]);
    },
  );

  it(
    'ends before it leads ends leader-run, and what it left behind',
    { timeout: patienceMs },
    async () => {
      const server = await sandbox();
      const first = warm(server, sh('read -r _ <&4; echo works; sleep 60 & wait'));
      await waitFor(first.stdout, 'works');
      const second = warm(server, sh('sleep 60 & echo up; exit 5'));
      // Its output ends with the last that has it.
      const { exitCode, stdout } = await second;
      expect([exitCode, stdout]).toEqual([5, 'up']);
      expect((await readLease(server, 'job'))?.spec.leaseTransitions).toBe(0);
      first.kill('SIGTERM');
      await first;
    },
  );
});
