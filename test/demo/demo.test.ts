import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

interface Shown {
  readonly status: number | string | null | undefined;
  readonly stdout: string;
}

/** Plays the demo, as `npm run demo` does after the build. */
function play(...flags: string[]): Promise<Shown> {
  const words = ['--import', 'tsx', 'scripts/demo/main.ts', ...flags];
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: root }, (error, stdout) => {
      resolve({ status: error === null ? 0 : error.code, stdout });
    });
  });
}

it('the demo keeps every promise, and says so without colours where there is no terminal', async () => {
  const { status, stdout } = await play();
  expect(stdout).toContain('Every promise was kept.');
  expect(stdout.match(/ kept /g)).toHaveLength(6);
  expect(stdout).not.toContain('\u001b');
  expect(status).toBe(0);
});

it('the demo notices workers that were started without leader-run', async () => {
  const { status, stdout } = await play('--sabotage');
  expect(stdout).toContain('The sabotage was noticed.');
  expect(status).toBe(1);
});
