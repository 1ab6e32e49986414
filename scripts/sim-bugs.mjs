// Shows that the simulator can fail: puts known bugs into a copy of the sources, one at a time, and counts the seeds until
// the invariant breaks that the bug is about. Fails if a bug is not found. `npm run test:sim:bugs -- --bug ID` tries one alone.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { bundleSimulator } from './sim-bundle.mjs';

const mostSeeds = 2_000;

const { values } = parseArgs({ options: { bug: { type: 'string' } } });

const directory = await mkdtemp(join(tmpdir(), 'leader-run-bugs-'));
try {
  const { classicBugs, foundBugs, onceBugs, termBugs, treeBugs, withoutOwnChecks, applyEdit } =
    await import((await bundleSimulator('.', join(directory, 'own'))).simulator);
  const bugs = [...classicBugs, ...foundBugs, ...onceBugs, ...termBugs, ...treeBugs].filter(
    ({ id }) => !values.bug || id === values.bug,
  );
  const queue = [...bugs];
  const results = [];
  const takeNext = async () => {
    for (let bug = queue.shift(); bug !== undefined; bug = queue.shift()) {
      const edits = [withoutOwnChecks, ...bug.edits];
      const result = await tryBug({ ...bug, edits }, applyEdit);
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

async function tryBug({ id, edits, breaks, rareSeed = null }, applyEdit) {
  const root = join(directory, id);
  await cp('src', join(root, 'src'), { recursive: true });
  await cp('test/simulation', join(root, 'test/simulation'), { recursive: true });
  for (const edit of edits) {
    const path = join(root, edit.file);
    await writeFile(path, applyEdit(await readFile(path, 'utf8'), edit));
  }
  const { hunt } = await bundleSimulator(resolve(root), join(root, 'bundle'));
  return new Promise((fulfil, reject) => {
    const thread = new Worker(hunt, { workerData: { mostSeeds, breaks, rareSeed } });
    thread.on('message', fulfil);
    thread.on('error', reject);
  });
}

function describe({ id, what, breaks, rareSeed }, { seeds, others, violation }) {
  const count = rareSeed === undefined ? `${seeds} seeds` : `seed ${rareSeed}, as it is rare`;
  const also = others === 0 ? '' : ` (${others} of them broke something else)`;
  const how =
    violation === null
      ? `NOT FOUND in ${count}${also}: "${breaks}" holds`
      : `${count}${also} until "${breaks}" breaks: ${violation.text}`;
  return `${id} (${what}): ${how}`;
}
