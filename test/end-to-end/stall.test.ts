/** A command that ends while leader-run is held up. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { stateOf, until } from '../child/fixtures/processes.ts';
import { createCommand } from '../fixtures/pty.ts';
import { readLease, sandbox, start } from './rig.ts';

const short = ['--lease-duration', '4s', '--renew-deadline', '2s', '--retry-period', '1s'];

it.each([
  ['its renew deadline', 2_300],
  ['the time by which all must be dead', 3_300],
])('gives its own status, though leader-run was stopped past %s', async (_, stoppedMs) => {
  const api = await sandbox();
  const command = await createCommand();
  const leader = start(api.kubeconfigPath, ['--lock-name', 'x', ...short, '--', ...command.words]);
  const running = await command.started;

  leader.kill('SIGSTOP');
  running.order('exit 7');
  await until('the command has ended', () => stateOf(running.pid) === 'Z');
  await delay(stoppedMs);
  leader.kill('SIGCONT');

  expect((await leader).exitCode).toBe(7);
  expect((await readLease(api, 'x'))?.spec.holderIdentity).toBe('');
});
