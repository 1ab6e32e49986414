/**
 * A few hundred simulations, other ones with each commit in CI. `npm run test:sim` runs as many as one likes, and
 * `npm run test:sim:bugs` shows that they can fail.
 */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { Random } from './random.ts';
import { replay } from './replay.ts';
import { drawScenario } from './scenario.ts';
import { simulate } from './simulate.ts';

const seedsPerPart = Number(process.env['SIMULATION_SEEDS'] ?? 300) / 3;

test.each(['first', 'second', 'third'])(
  'Nothing that can go wrong makes two leaders (G1, G2, G3, G7): the %s third of the seeds',
  async (part) => {
    const prefix = `${baseSeed()}-${part}`;
    for (let index = 0; index < seedsPerPart; index++) {
      const seed = `${prefix}-${index}`;
      const { violation } = await simulate(drawScenario(seed));
      if (violation !== null) expect.fail((await replay(seed, null, 60)).text);
    }
  },
);

test('One seed always gives the same simulation', async () => {
  const scenario = drawScenario(`${baseSeed()}-same`);
  const [first, second] = [await simulate(scenario, true), await simulate(scenario, true)];

  expect(first.trace.length).toBeGreaterThan(10);
  expect(second.trace).toEqual(first.trace);
  expect(second.statistics).toEqual(first.statistics);
});

test('Chance is uniform enough to reach every value', () => {
  const random = new Random('uniform');
  const counts = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 10_000; draw++) {
    const bucket = random.below(10);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }

  for (const count of counts) expect(count).toBeGreaterThan(850);
});

/** The commit in CI, so that each run there sees other seeds; the same one always elsewhere. */
function baseSeed(): string {
  const { SIMULATION_SEED: asked, CI: ci } = process.env;
  if (asked !== undefined) return asked;
  if (ci === undefined) return 'here';
  const { stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' });
  return stdout.trim() || 'no commit';
}
