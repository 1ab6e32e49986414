/** Jobs of which each is to run once: all candidates start each of them, as cron would, and some are killed in the middle. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import type { Nemesis } from './nemesis.ts';
import type { Replica } from './replica.ts';
import { locks } from './stage.ts';

const eachMs = 7_000;

/** Until it is over; resolves when the last of them has ended. */
export async function runJobs(
  replicas: readonly Replica[],
  nemesis: Nemesis,
  random: Random,
  over: AbortSignal,
): Promise<void> {
  const running: Promise<unknown>[] = [];
  for (let count = 1; !over.aborted; count += 1) {
    const key = `${random.chance(0.3) ? 'start' : 'success'}-${count}`;
    const lifeMs = Math.round(random.between(50, 2_000));
    const killAfterMs = random.chance(0.3) ? Math.round(random.between(0, 1_000)) : null;
    for (const replica of replicas)
      running.push(replica.runOnce(key, lifeMs, random.chance(0.2) ? 1 : 0));
    if (killAfterMs !== null) running.push(nemesis.killNext(locks.cron, eachMs, killAfterMs));
    await delay(eachMs, null, { signal: over }).catch(() => undefined);
  }
  await Promise.all(running);
}
