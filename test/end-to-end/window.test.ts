/** SIGKILL of leader-run at any instant between its start and the first second of its command. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { it } from 'vitest';
import { createMark } from '../command/fixtures/tree.ts';
import { Random } from '../simulation/random.ts';
import { createFamily } from './family.ts';
import { sandbox, start, waitFor } from './rig.ts';

const rounds = 50;
const lanes = 5;
/** Longer than a start takes. */
const startMs = 300;
const firstSecondMs = 1_000;

/** TEST_SEED=… repeats a run as far as instants can be repeated. */
const seed = process.env['TEST_SEED'] ?? randomUUID().slice(0, 8);

it(`G2: ${rounds} kills leave nothing of leader-run and its command (seed ${seed})`, async () => {
  const random = new Random(seed);
  const { kubeconfigPath } = await sandbox();
  // In turns from the start of leader-run and from the start of the command.
  const kills = Array.from({ length: rounds }, (_, round) => {
    const waitsForCommand = round % 2 === 1;
    const delayMs = random.between(0, waitsForCommand ? firstSecondMs : startMs);
    return { round, waitsForCommand, delayMs };
  });

  const work = Array.from({ length: lanes }, async () => {
    for (let kill = kills.pop(); kill !== undefined; kill = kills.pop()) {
      const { round, waitsForCommand, delayMs } = kill;
      const mark = createMark();
      const family = createFamily();
      const script = `trap '' TERM HUP INT; sleep ${mark} & setsid sleep ${mark} & echo up; wait`;
      const leader = start(
        kubeconfigPath,
        ['--lock-name', `x-${round}`, '--', 'sh', '-c', script],
        family.env,
      );
      if (waitsForCommand) await waitFor(leader.stdout, 'up');
      await delay(delayMs);
      leader.kill('SIGKILL');
      await family.extinct();
    }
  });
  await Promise.all(work);
});
