/** Two minutes of `npm run torture`, as docs/torture.md tells: with the faults that this machine can have. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { locks } from '../torture/stage.ts';
import { describe as describeRun, summarise } from '../torture/summary.ts';
import { missing, torture } from '../torture/torture.ts';

const program = resolve(import.meta.dirname, '../..');
const settings = { seed: 17, minutes: 2, candidates: 5, program };
const patienceMs = 5 * 60_000;

test.skipIf(!hasCompiler())('two minutes of torture', { timeout: patienceMs }, async () => {
  const folder = temporaryFolder();
  const { history, verdict } = await torture({ ...settings, folder });
  const report = describeRun(history, verdict, locks.work);
  process.stderr.write(`${[...missing, report].join('\n')}\n`);
  const { terms, violations } = summarise(history, verdict, locks.work);
  expect(violations, report).toEqual([]);
  // It has tested what it says.
  expect(terms.length).toBeGreaterThan(5);
  expect(Object.keys(verdict.judged)).toEqual(
    expect.arrayContaining([
      ...['one at a time', 'tokens grow', 'dead in time', 'release last', 'not taken early'],
      ...['once', 'one label', 'nothing left'],
    ]),
  );
});

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
