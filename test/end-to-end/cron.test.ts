/**
 * Cron on three machines whose clocks are 3 s apart (issue 15). Each "machine" starts leader-run when its own clock shows a new minute;
 * clocks are libfaketime's where it is installed. CRON_MINUTES=60 is the long run.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { leaderRun, sandbox } from './rig.ts';

const library = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
  .map((folder) => `${folder}/faketime/libfaketime.so.1`)
  .find((file) => existsSync(file));

const minutes = Number(process.env['CRON_MINUTES'] ?? 3);
const offsetsMs = [-3_000, 0, 3_000];
/** What a minute takes here: more than the offsets, a start and the job. */
const minuteMs = 9_000;

/** How often the job ran, when each machine's line was started in each of so many minutes. */
async function cron(flagsAt: (time: string) => readonly string[]): Promise<number> {
  const server = await sandbox();
  const notes = join(temporaryFolder(), 'runs');
  const job = ['--', 'sh', '-c', `echo run >>${notes}; sleep 0.2`];
  const startsMs = Date.now() + 3_500;
  const machines = offsetsMs.map(async (offsetMs) => {
    for (let minute = 0; minute < minutes; minute += 1) {
      // A clock that is ahead shows the minute earlier.
      await delay(startsMs + minute * minuteMs - offsetMs - Date.now());
      const time = new Date(Date.UTC(2026, 0, 1, 3, minute)).toISOString().slice(0, 16);
      const args = ['--lock-name', 'nightly', '--try', '-E', '0', '-q', ...flagsAt(time), ...job];
      const clock =
        library === undefined
          ? {}
          : { LD_PRELOAD: library, DONT_FAKE_MONOTONIC: '1', FAKETIME: fakeTime(offsetMs) };
      const { exitCode, stderr } = await execa(leaderRun, args, {
        reject: false,
        env: { KUBECONFIG: server.kubeconfigPath, ...clock },
      });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    }
  });
  await Promise.all(machines);
  return readFileSync(notes, 'utf8').trim().split('\n').length;
}

/** The clock that goes on, ahead by so much; CLOCK_MONOTONIC and CLOCK_BOOTTIME stay as they are. */
function fakeTime(offsetMs: number): string {
  return `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs) / 1_000}s`;
}

const testTimeoutMs = 60_000 + minutes * minuteMs * 2;

describe(`three machines, clocks 3 s apart, a job of 0.2 s in each of ${minutes} minutes`, () => {
  it('--once by the minute: once in each', { timeout: testTimeoutMs }, async () => {
    expect(await cron((time) => ['--once', time])).toBe(minutes);
  });

  it('--once-per: once in each', { timeout: testTimeoutMs }, async () => {
    // The minutes are shorter here.
    expect(await cron(() => ['--once-per', '7500ms'])).toBe(minutes);
  });

  it('with neither, each machine runs it', { timeout: testTimeoutMs }, async () => {
    expect(await cron(() => [])).toBe(3 * minutes);
  });
});
