/** Jobs of which each is to run once: all candidates start each of them, as cron would, and some are killed in the middle. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import type { Nemesis } from './nemesis.ts';
import { signal } from './processes.ts';
import type { Replica } from './replica.ts';
import { bootNowMs, locks } from './stage.ts';
import type { Starts } from './starts.ts';

const eachMs = 7_000;

/** Until it is over; resolves when the last of them has ended. */
export async function runJobs(
  replicas: readonly Replica[],
  nemesis: Nemesis,
  starts: Starts,
  random: Random,
  over: AbortSignal,
): Promise<void> {
  const running: Promise<void>[] = [];
  for (let count = 1; !over.aborted; count += 1) {
    const key = `${random.chance(0.3) ? 'start' : 'success'}-${count}`;
    const lifeMs = Math.round(random.between(50, 2_000));
    const killAfterMs = random.chance(0.3) ? Math.round(random.between(0, 1_000)) : null;
    for (const replica of replicas)
      running.push(replica.runOnce(key, lifeMs, random.chance(0.2) ? 1 : 0));
    if (killAfterMs !== null) running.push(killJob(replicas, nemesis, starts, killAfterMs));
    await delay(eachMs, null, { signal: over }).catch(() => undefined);
  }
  await Promise.all(running);
}

async function killJob(
  replicas: readonly Replica[],
  nemesis: Nemesis,
  starts: Starts,
  afterMs: number,
): Promise<void> {
  const start = await starts.next(locks.cron, AbortSignal.timeout(eachMs)).catch(() => null);
  if (start === null) return;
  await delay(afterMs);
  const replica = replicas.find(({ seat }) => seat.name === start.candidate);
  const pid = replica?.pidOf(start.identity);
  if (pid === null || pid === undefined) return;
  const atMs = bootNowMs();
  signal(pid, 'SIGKILL');
  nemesis.note({ kind: 'kill', target: start.candidate, fromMs: atMs, toMs: bootNowMs() });
}
