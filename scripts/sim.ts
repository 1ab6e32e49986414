/**
 * Simulates as many seeds as one likes, on all cores: `npm run test:sim -- --seeds 10000`, `--hours 2`, `--seed 4711`.
 *
 *   --seeds N    so many seeds (10,000 unless there are --hours)
 *   --hours H    for so long
 *   --seed S     the first seed; alone, or with --only: this one seed, with all that happens
 *   --only …     of that seed only these replicas, faults and rates, as a failure names them
 *   --workers W  how many threads
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { replay } from '../test/simulation/replay.ts';
import { addTo, formatStatistics, missingIn } from '../test/simulation/statistics.ts';
import type { Progress } from '../test/simulation/worker.ts';
import { bundleWorker, runWorker } from './sim-bundle.ts';

const shownFailures = 5;
const showEveryMs = 10_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    hours: { type: 'string' },
    only: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});

async function replayOne(seed: string): Promise<number> {
  const { text, hasFailed } = await replay(seed, values.only ?? null, 200);
  console.log(text);
  return hasFailed ? 1 : 0;
}

/** All that the workers have reported. */
class Total {
  seeds = 0;
  readonly failures: Progress['failures'][number][] = [];
  readonly statistics = new Map<string, number>();
  readonly #startedMs = Date.now();
  #simulatedMs = 0;
  #shownAtMs = Date.now();

  add({ seeds, simulatedMs, statistics, failures }: Progress): void {
    this.seeds += seeds;
    this.#simulatedMs += simulatedMs;
    this.failures.push(...failures);
    for (const { seed, violation } of failures)
      console.log(`\nSeed ${seed} breaks "${violation.invariant}": ${violation.text}`);
    addTo(this.statistics, statistics);
    this.#show();
  }

  describe(): string {
    const seconds = (Date.now() - this.#startedMs) / 1000;
    const hours = (this.#simulatedMs / 3_600_000).toFixed(1);
    return `${this.seeds} seeds, ${this.failures.length} failed, ${hours} simulated hours in ${seconds.toFixed(0)} s, ${(this.seeds / seconds).toFixed(0)} seeds/s`;
  }

  #show(): void {
    if (process.stdout.isTTY) process.stdout.write(`\r${this.describe()}`);
    else if (Date.now() - this.#shownAtMs > showEveryMs) {
      this.#shownAtMs = Date.now();
      console.log(this.describe());
    }
  }
}

async function runMany(): Promise<number> {
  const firstSeed = Number(values.seed ?? 1);
  const workerCount = Number(values.workers);
  const isTimed = values.hours !== undefined;
  const seedCount = values.seeds === undefined ? (isTimed ? null : 10_000) : Number(values.seeds);
  console.log(
    `First seed ${firstSeed}, ${seedCount ?? 'any number of'} seeds, ${workerCount} workers`,
  );
  const total = new Total();
  const endAtMs = isTimed ? Date.now() + Number(values.hours) * 3_600_000 : null;
  const directory = await mkdtemp(join(tmpdir(), 'leader-run-sim-'));
  try {
    const bundle = await bundleWorker('worker', '.', directory);
    const workers = Array.from({ length: workerCount }, (_, index) =>
      runWorker<'worker'>(
        bundle,
        {
          firstSeed: firstSeed + index,
          step: workerCount,
          endSeed: seedCount === null ? null : firstSeed + seedCount,
          endAtMs,
        },
        (progress) => {
          total.add(progress);
          if (total.failures.length >= shownFailures) for (const each of workers) each.stop();
        },
      ),
    );
    await Promise.all(workers.map(({ exited }) => exited));
  } finally {
    await rm(directory, { recursive: true });
  }
  return conclude(total);
}

/** Shows what came of it; returns the exit status. */
async function conclude(total: Total): Promise<number> {
  console.log(`\n${formatStatistics(total.statistics)}`);
  for (const { seed } of total.failures.slice(0, shownFailures))
    console.log(`\n${(await replay(seed, null, 60)).text}`);
  // Of few seeds not all can be expected.
  const missing = total.seeds < 5_000 ? [] : missingIn(total.statistics);
  for (const name of missing) console.log(`Never happened: ${name}`);
  console.log(total.describe());
  return total.failures.length + missing.length > 0 ? 1 : 0;
}

const isReplay =
  values.seed !== undefined && values.seeds === undefined && values.hours === undefined;
process.exitCode = isReplay ? await replayOne(values.seed ?? '') : await runMany();
