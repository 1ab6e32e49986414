/** A guard's replacement that fails itself, at the worst moment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bootNowMs } from '../../src/process/clock.ts';
import { Guard } from '../../src/command/guard/guard.ts';
import { readProcess } from '../../src/process/process-table.ts';
import { isAlive, stateOf, until } from './fixtures/processes.ts';
import { busyFile } from './fixtures/shells.ts';

/** A shell that notes its pids; the second one ends after it has answered which tree it is to kill, and before it knows when. */
function createShell(): { readonly path: string; readonly pidOf: (start: number) => number } {
  const directory = mkdtempSync(join(tmpdir(), 'guards-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'sh');
  const program = `#!/bin/sh
    echo $$ >>${directory}/pids
    if [ "$(wc -l <${directory}/pids)" -eq 2 ]; then echo ok >&3; read -r line <&3; echo ok >&3; kill -KILL $$; fi
    exec /bin/sh "$@"
  `;
  writeFileSync(path, program, { mode: 0o755 });
  const pids = () => readFileSync(join(directory, 'pids'), 'utf8').trim().split('\n').map(Number);
  return { path, pidOf: (start) => pids()[start - 1] ?? expect.unreachable('it was not started') };
}

test('G2: a silent guard is ended once another one knows all, also if one between them has failed', async () => {
  const { path, pidOf } = createShell();
  const command = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  onTestFinished(() => void command.kill('SIGKILL'));
  await once(command, 'spawn');
  const pid = command.pid ?? 0;
  const replaced: string[] = [];
  let guard!: Guard;
  const armed = new Promise<void>((resolve) => {
    const fail = (message = 'killed') => expect.unreachable(message);
    const options = { shell: path, timeoutMs: 500, onKilled: fail, onLost: fail };
    guard = new Guard({ ...options, onArmed: resolve, onReplaced: (why) => replaced.push(why) });
  });
  onTestFinished(() => guard.disarm());
  const startTicks = readProcess(pid)?.startTicks ?? 0;
  guard.arm({ pid, startTicks, hasOwnGroup: true, marker: 'c'.repeat(40) });
  guard.extend(bootNowMs() + 60_000);
  await armed;

  process.kill(pidOf(1), 'SIGSTOP');
  await until('it is stopped', () => stateOf(pidOf(1)) === 'T');
  guard.extend(bootNowMs() + 70_000);

  await until('it is replaced', () => replaced.length > 0);
  expect(replaced).toEqual(['did not answer within 0.5s']);
  await until('the silent one is gone', () => !isAlive(pidOf(1)));
  expect([isAlive(pidOf(3)), isAlive(pid)]).toEqual([true, true]);
});

test('a guard that Node throws at instead of starting it is lost like any other', async () => {
  const lost = new Promise((resolve) => {
    const fail = () => expect.unreachable('it works');
    const options = { timeoutMs: 500, onArmed: fail, onReplaced: fail, onKilled: fail };
    new Guard({ ...options, shell: busyFile(), onLost: resolve });
  });
  expect(await lost).toMatch(/^the guard, run by \/.*\/busy, could not be started: spawn ETXTBSY$/);
});
