/**
 * leader-run is stopped after the guard was told its deadline and before a warm command would be told that it leads, until it is too late
 * for that (design 6, Warm).
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootNowMs } from '../../src/process/clock.ts';
import { lastSeenAlive, processesWith, stateOf, until } from './fixtures/processes.ts';
import { type Host, type Rig, createRig } from './fixtures/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const renewDeadlineMs = 2_000;
const killAfterMs = 2_850;

/** A warm command that says what it is told, and when; leader-run is stopped before it tells. */
async function stopped(): Promise<{ host: Host; sentAtMs: number; processes: number[] }> {
  const mark = rig.createMark();
  const script = `sleep ${mark} & IFS= read -r line <&4 && read -r now rest </proc/uptime && echo "$now $line"; wait`;
  const host = rig.start(['sh', '-c', script], { warmRenewDeadlineMs: renewDeadlineMs });
  await host.heard('ready');
  await until('the command runs', () => processesWith(mark).length === 2);
  const processes = processesWith(mark);
  const sentAtMs = await host.go({ notAfterMs: renewDeadlineMs, killAfterMs });
  await until('leader-run is stopped', () => stateOf(host.pid) === 'T');
  return { host, sentAtMs, processes };
}

test('until past t+R/2: it is promoted only after another renewal', async () => {
  const { host, sentAtMs } = await stopped();
  await until('half of R has passed', () => bootNowMs() > sentAtMs + renewDeadlineMs / 2);
  host.signal('SIGCONT');
  await host.heard('started');
  await until('a renewal is due', () => bootNowMs() > sentAtMs + renewDeadlineMs * 0.8);
  const renewedAtMs = bootNowMs();
  host.tell({ call: 'extend', killAtMs: renewedAtMs + killAfterMs });
  const [, seconds] = await host.printed(/^(\S+) LEADER_RUN_FENCING_TOKEN=42 /);
  // /proc/uptime has steps of 10 ms.
  expect(Number(seconds) * 1_000).toBeGreaterThan(renewedAtMs - 10);
  host.tell({ call: 'kill' });
  await host.heard('gone');
});

test('until past D: the guard kills it then, and it is never promoted', async () => {
  const { host, sentAtMs, processes } = await stopped();
  const aliveAtMs = await lastSeenAlive(processes);
  expect(aliveAtMs).toBeGreaterThan(sentAtMs + killAfterMs - 200);
  expect(stateOf(host.pid)).toBe('T');
  host.signal('SIGCONT');
  expect(await host.allOutput()).toBe('');
});
