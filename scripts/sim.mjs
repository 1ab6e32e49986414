// Simulates as many seeds as one likes, on all cores: `npm run test:sim -- --seeds 10000`, `--hours 2`, `--seed 4711`.
//
//   --seeds N    so many seeds (10,000 unless there are --hours)
//   --hours H    for so long
//   --seed S     the first seed; alone, or with --only: this one seed, with all that happens
//   --only …     of that seed only these replicas, faults and rates, as a failure names them
//   --workers W  how many threads
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { bundleSimulator } from './sim-bundle.mjs';

const shownFailures = 5;
let shownAtMs = Date.now();

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    hours: { type: 'string' },
    only: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});

const directory = await mkdtemp(join(tmpdir(), 'leader-run-sim-'));
try {
  const bundle = await bundleSimulator('.', directory);
  const isReplay = values.seed !== undefined && !values.seeds && !values.hours;
  process.exitCode = isReplay ? await replayOne(bundle) : await runMany(bundle);
} finally {
  await rm(directory, { recursive: true });
}

async function replayOne({ simulator }) {
  const { replay } = await import(simulator);
  const { text, hasFailed } = await replay(values.seed, values.only ?? null, 200);
  console.log(text);
  return hasFailed ? 1 : 0;
}

async function runMany({ simulator, worker }) {
  const { replay, addTo, formatStatistics, missingIn } = await import(simulator);
  const first = Number(values.seed ?? 1);
  const count = values.seeds === undefined ? (values.hours ? null : 10_000) : Number(values.seeds);
  console.log(`First seed ${first}, ${count ?? 'any number of'} seeds, ${values.workers} workers`);
  const total = { seeds: 0, simulatedMs: 0, statistics: new Map(), failures: [] };
  const startedMs = Date.now();
  const shares = Array.from({ length: Number(values.workers) }, (_, index) => ({
    firstSeed: first + index,
    step: Number(values.workers),
    endSeed: count === null ? null : first + count,
    endAtMs: values.hours === undefined ? null : startedMs + Number(values.hours) * 3_600_000,
  }));
  const workers = [];
  await Promise.all(
    shares.map(
      (share) =>
        new Promise((resolve, reject) => {
          const thread = new Worker(worker, { workerData: share });
          workers.push(thread);
          thread.on('error', reject);
          thread.on('exit', resolve);
          thread.on('message', (progress) => {
            total.seeds += progress.seeds;
            total.simulatedMs += progress.simulatedMs;
            total.failures.push(...progress.failures);
            for (const { seed, violation } of progress.failures)
              console.log(`\nSeed ${seed} breaks "${violation.invariant}": ${violation.text}`);
            addTo(total.statistics, progress.statistics);
            showProgress(total, startedMs);
            if (total.failures.length >= shownFailures)
              for (const each of workers) each.terminate();
          });
        }),
    ),
  );
  console.log(`\n${formatStatistics(total.statistics)}`);
  for (const { seed } of total.failures.slice(0, shownFailures)) {
    console.log(`\n${(await replay(seed, null, 60)).text}`);
  }
  // Of few seeds not all can be expected.
  const missing = total.seeds < 5_000 ? [] : missingIn(total.statistics);
  for (const name of missing) console.log(`Never happened: ${name}`);
  console.log(`${describe(total, startedMs)}`);
  return total.failures.length + missing.length > 0 ? 1 : 0;
}

function describe({ seeds, simulatedMs, failures }, startedMs) {
  const seconds = (Date.now() - startedMs) / 1000;
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  return `${seeds} seeds, ${failures.length} failed, ${hours} simulated hours in ${seconds.toFixed(0)} s, ${(seeds / seconds).toFixed(0)} seeds/s`;
}

function showProgress(total, startedMs) {
  const line = describe(total, startedMs);
  if (process.stdout.isTTY) process.stdout.write(`\r${line}`);
  else if (Date.now() - shownAtMs > 10_000) {
    shownAtMs = Date.now();
    console.log(line);
  }
}
