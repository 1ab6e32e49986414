import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { hasInEnvironment } from '../../src/child/process-table.ts';
import { readText, until } from './fixtures/processes.ts';

const needle = Buffer.from('NEEDLE_OF_A_TEST=');

async function startSleep(env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn('/bin/sleep', ['1000'], { env, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const { pid = 0 } = child;
  await until('it has execed', () => readText(`/proc/${pid}/cmdline`).startsWith('/bin/sleep'));
  return pid;
}

test('what is in the environment of a process is found, and only that', async () => {
  expect(hasInEnvironment(await startSleep({ A: '1', NEEDLE_OF_A_TEST: '' }), needle)).toBe(true);
  expect(hasInEnvironment(await startSleep({ A: '1' }), needle)).toBe(false);
});

test('a process that was started without an environment has nothing in it, which can be said', async () => {
  expect(hasInEnvironment(await startSleep({}), needle)).toBe(false);
});

test('a process that starts another program again and again is never said to have nothing in it', async () => {
  const again = 'exec sh -c "$again"';
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`v${index}`, '']));
  const env = { ...many, NEEDLE_OF_A_TEST: '', again };
  const child = spawn('/bin/sh', ['-c', again], { env, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const { pid = 0 } = child;
  await until('it has execed', () => hasInEnvironment(pid, needle) === true);

  const said = Array.from({ length: 3_000 }, () => hasInEnvironment(pid, needle));

  expect(said.filter((one) => one === false)).toEqual([]);
  expect(said).toContain(true);
  expect(child.exitCode).toBeNull();
});

test.runIf(readText('/proc/2/comm') === 'kthreadd\n')('a kernel thread has nothing in it', () => {
  expect(hasInEnvironment(2, needle)).toBe(false);
});

test('of a process that has ended nothing can be said', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(hasInEnvironment(child.pid ?? 0, needle)).toBe(null);
});
