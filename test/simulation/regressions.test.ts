/** Seeds that found a bug once. */
import { expect, test } from 'vitest';
import { replay } from './replay.ts';

const found = [
  ['2', 'a renewal that landed though it was answered 409 was taken for another holder'],
  ['31', 'a guard that was lost while standby was an internal error'],
  ['142', 'a standby sent its write while its look was still under way'],
  ['605', 'a withdrawn candidacy that had won was released with no transitions'],
] as const;

test.each(found)('Seed %s: no more %s', async (seed) => {
  const { hasFailed, text } = await replay(seed, null, 60);

  if (hasFailed) expect.fail(text);
});
