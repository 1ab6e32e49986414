/** A leader-run as the command of a leader-run. */
import { expect, it } from 'vitest';
import { bigTree, createMark, grown } from '../command/fixtures/tree.ts';
import { createFamily } from './family.ts';
import { leaderRun, readLease, sandbox, start } from './rig.ts';

const outer = ['--lock-name', 'outer', '--', leaderRun];
const size = 10;

it('G2: SIGKILL of the outer one leaves nothing of the inner one, and neither lease is released', async () => {
  const api = await sandbox();
  const family = createFamily();
  const mark = createMark();
  const inner = ['--lock-name', 'inner', '--', ...bigTree(mark, size)];
  const leader = start(api.kubeconfigPath, [...outer, ...inner], family.env);
  await grown(mark, size);

  leader.kill('SIGKILL');
  await family.extinct();

  for (const name of ['outer', 'inner'])
    expect((await readLease(api, name))?.spec.holderIdentity).toMatch(/./);
});

it('TERM of the outer one stops all in order, and both leases are released', async () => {
  const api = await sandbox();
  const family = createFamily();
  const mark = createMark();
  const inner = ['--lock-name', 'inner', '--', 'sh', '-c', `sleep ${mark} & wait`];
  const leader = start(api.kubeconfigPath, [...outer, ...inner], family.env);
  await grown(mark, 2);

  leader.kill('SIGTERM');

  expect((await leader).exitCode).toBe(143);
  expect(family.members()).toEqual([]);
  for (const name of ['outer', 'inner'])
    expect((await readLease(api, name))?.spec.holderIdentity).toBe('');
});

it('the same lock inside itself is refused, not waited for', async () => {
  const { kubeconfigPath } = await sandbox();
  const args = [...outer, '--lock-name', 'outer', '--', 'echo', 'started'];
  const { exitCode, stdout, stderr } = await start(kubeconfigPath, args);
  expect([exitCode, stdout]).toEqual([125, '']);
  expect(stderr).toMatch(/Cannot wait for lease .*outer.* inside a leader-run/);
});
