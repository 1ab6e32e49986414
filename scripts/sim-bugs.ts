/**
 * Shows that the simulator can fail: puts known bugs into a copy of the sources, one at a time, and counts the seeds until
 * the invariant breaks that the bug is about. Fails if a bug is not found. `npm run test:sim:bugs -- --bug ID` tries one alone,
 * `--seeds N` so many seeds, but for bugs that are found by a seed of their own.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bug, applyEdit } from '../test/simulation/bugs/bug.ts';
import { allBugs, withoutOwnChecks } from '../test/simulation/bugs/bugs.ts';
import type { Catch } from '../test/simulation/hunt.ts';
import { bundleWorker, runWorker } from './sim-bundle.ts';

const { values } = parseArgs({
  options: { bug: { type: 'string' }, seeds: { type: 'string', default: '2000' } },
});
const mostSeeds = Number(values.seeds);
if (!(mostSeeds > 0)) throw new Error(`Cannot try --seeds ${values.seeds}: it must be a number`);

const directory = await mkdtemp(join(tmpdir(), 'leader-run-bugs-'));
try {
  const queue = allBugs.filter(({ id }) => values.bug === undefined || id === values.bug);
  const results: Catch[] = [];
  const takeNext = async () => {
    for (let bug = queue.shift(); bug !== undefined; bug = queue.shift()) {
      const result = await tryBug(bug);
      results.push(result);
      console.log(describe(bug, result));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, takeNext));
  const missed = results.filter(({ violation }) => violation === null);
  console.log(`${results.length - missed.length} of ${results.length} bugs found`);
  process.exitCode = missed.length > 0 || results.length === 0 ? 1 : 0;
} finally {
  await rm(directory, { recursive: true });
}

async function tryBug({ id, edits, breaks, rareSeed, stage }: Bug): Promise<Catch> {
  const root = join(directory, id);
  await cp('src', join(root, 'src'), { recursive: true });
  await cp('test/simulation', join(root, 'test/simulation'), { recursive: true });
  for (const edit of [withoutOwnChecks, ...edits]) {
    const path = join(root, edit.file);
    await writeFile(path, applyEdit(await readFile(path, 'utf8'), edit));
  }
  const bundle = await bundleWorker('hunt', root, join(root, 'bundle'));
  return new Promise((resolve, reject) => {
    const data = { mostSeeds, breaks, rareSeed: rareSeed ?? null, stage: stage ?? null };
    runWorker<'hunt'>(bundle, data, resolve).exited.catch(reject);
  });
}

function describe(
  { id, what, breaks, rareSeed, stage }: Bug,
  { seeds, others, violation }: Catch,
): string {
  const where = stage === undefined ? '' : ' of a scenario made for it';
  const count =
    rareSeed === undefined ? `${seeds} seeds${where}` : `seed ${rareSeed}, because it is rare`;
  const also = others === 0 ? '' : ` (${others} of them broke something else)`;
  const how =
    violation === null
      ? `NOT FOUND in ${count}${also}: "${breaks}" holds`
      : `${count}${also} until "${breaks}" breaks: ${violation.text}`;
  return `${id} (${what}): ${how}`;
}
