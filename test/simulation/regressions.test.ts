/**
 * Seeds, and scenarios made by hand, that fail with a bug that the simulator found (`bugs/bugs.ts`), and hold without it.
 * `npm run test:sim:bugs` shows that they do, and names others should a change of the simulator make these mean something else.
 */
import { expect, test } from 'vitest';
import { allBugs } from './bugs/bugs.ts';
import { replay } from './replay.ts';
import { simulate } from './simulate.ts';

const common = [
  ['34', 'conflict-forgets-write'],
  ['35', 'read-beside-write'],
  ['190', 'label-is-a-lost-race'],
  ['246', 'withdrawal-forgets-transitions'],
  ['324', 'loss-is-not-hastened'],
] as const;

const rare = allBugs.flatMap(({ id, rareSeed }) =>
  rareSeed === undefined ? [] : [[rareSeed, id] as const],
);

test.each([...common, ...rare])('Seed %s holds, as the bug %s is no more', async (seed) => {
  const { hasFailed, text } = await replay(seed, null, 60);

  if (hasFailed) expect.fail(text);
});

const staged = allBugs.flatMap(({ id, stage }) => (stage === undefined ? [] : [{ id, stage }]));

test.each(staged)(
  'The scenario made for it holds, as the bug $id is no more',
  async ({ stage }) => {
    for (let seed = 1; seed <= 5; seed++) {
      const { violation } = await simulate({ ...stage, seed: String(seed) });
      expect(violation).toBeNull();
    }
  },
);
