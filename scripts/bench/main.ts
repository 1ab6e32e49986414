/**
 * `npm run bench`: leader-run beside what else there is, in one run on one real API server. Figures are ratios to what the
 * same run measured of the others, as absolute ones say more of the machine. `--quick` takes two minutes and is coarse.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { startCluster } from '../../test/cluster/server.ts';
import { Candidate } from './candidate.ts';
import { drawChart } from './chart.ts';
import { measureCrowds } from './crowd.ts';
import { measureAged, measureBlackHole, measureCrash, measureForced } from './faults.ts';
import { crowdGoals, judgeGoals, operatedGoals } from './goals.ts';
import { measureHandOvers } from './hand-over.ts';
import { measureIdle } from './idle.ts';
import { measureOperated } from './operated.ts';
import { measureOutages } from './outages.ts';
import { buildPeers, findPrograms } from './programs.ts';
import { renderCrowds, renderOperated, renderTables } from './report.ts';
import type { FaultedName, Results } from './results.ts';
import { measureSlowStarts } from './slow-start.ts';
import type { Plan, Stage } from './stage.ts';
import { measureStartUps } from './start-up.ts';

const quick: Plan = {
  ...{ startUps: 8, handOvers: 20, slowHandOvers: 3, forced: 5, crowd: 30, crowdHandOvers: 5 },
  ...{ crashPairs: 4, crashRounds: 1, agedPairs: 0, idleMs: 30_000 },
  ...{ slowStarts: 3, outages: 2 },
};
const full: Plan = {
  ...{
    startUps: 20,
    handOvers: 120,
    slowHandOvers: 10,
    forced: 10,
    crowd: 100,
    crowdHandOvers: 20,
  },
  ...{ crashPairs: 6, crashRounds: 4, agedPairs: 6, idleMs: 90_000 },
  ...{ slowStarts: 5, outages: 4 },
};

const root = resolve(import.meta.dirname, '../..');
const faulted: readonly FaultedName[] = ['leader-run', 'wrapper'];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      /** Only the part of operated.ts or crowd.ts, which is printed and not written. */
      operated: { type: 'boolean', default: false },
      crowd: { type: 'boolean', default: false },
    },
  });
  // Node 20 reads it at each start: 33 ms, of which leader-run's own start is free.
  delete process.env['NODE_EXTRA_CA_CERTS'];
  const beganAtMs = performance.now();
  const say = (line: string) =>
    process.stderr.write(
      `bench ${Math.round((performance.now() - beganAtMs) / 1000)} s: ${line}\n`,
    );
  say('building the programs to compare with');
  await buildPeers();
  const cluster = await startCluster({ audit: true, say });
  const programs = findPrograms(cluster);
  const end = async () => {
    await Candidate.endAll();
    await cluster.close();
    rmSync(programs.folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void end().finally(() => process.exit(1)));
  try {
    const stage = { cluster, programs, plan: values.quick ? quick : full, say };
    if (values.operated) {
      await printOperated(stage);
      return;
    }
    if (values.crowd) {
      const crowds = await measureCrowds(stage);
      process.stdout.write(renderCrowds({ crowds }, crowdGoals({ crowds })));
      return;
    }
    const results = await measure(stage);
    const folder = join(root, values.quick ? 'reports' : 'docs');
    await write(folder, results);
    say(`written ${folder}/bench.{json,svg}`);
  } finally {
    await end();
  }
}

async function measure(stage: Stage): Promise<Results> {
  const { plan, programs } = stage;
  const startUps = await measureStartUps(stage);
  const handOvers = await measureHandOvers(stage);
  const operated = await measureOperated(stage);
  stage.say(`somebody else is written into the Lease, ${plan.forced} times`);
  const ours: number[] = [];
  for (let round = 0; round < plan.forced; round += 1)
    ours.push(await measureForced(stage, programs['leader-run']));
  const crowds = await measureCrowds(stage);
  const slowStarts = await measureSlowStarts(stage);
  stage.say('idleness, crashes, outages and a silent network, side by side');
  const [idle, crashes, blackHoles, wrapper, aged, outages] = await Promise.all([
    measureIdle(stage),
    byName((name) => crashOften(stage, name)),
    byName((name) => repeat(plan.crashRounds, () => measureBlackHole(stage, programs[name]))),
    repeat(plan.crashRounds, () => measureForced(stage, programs.wrapper)),
    ageSeveral(stage),
    measureOutages(stage),
  ]);
  return {
    startUps,
    handOvers,
    crowds,
    aged,
    idle,
    operated,
    crashes,
    blackHoles,
    slowStarts,
    outages,
    forced: { 'leader-run': ours, wrapper },
  };
}

async function printOperated(stage: Stage): Promise<void> {
  const operated = await measureOperated(stage);
  process.stdout.write(renderOperated(operated, operatedGoals(operated)));
}

/** Several pairs at once, each begun a little later than the one before. */
async function crashOften(stage: Stage, name: FaultedName) {
  const pairs = Array.from({ length: stage.plan.crashPairs }, async (_, index) => {
    await pause(index * 700);
    return repeat(stage.plan.crashRounds, () => measureCrash(stage, stage.programs[name]));
  });
  return (await Promise.all(pairs)).flat();
}

function ageSeveral(stage: Stage): Promise<number[]> {
  const pairs = Array.from({ length: stage.plan.agedPairs }, () =>
    measureAged(stage, stage.programs['leader-run']),
  );
  return Promise.all(pairs);
}

async function repeat<T>(times: number, measureOne: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let round = 0; round < times; round += 1) all.push(await measureOne());
  return all;
}

async function byName<T>(
  measureOf: (name: FaultedName) => Promise<T>,
): Promise<Record<FaultedName, T>> {
  const values = await Promise.all(faulted.map(measureOf));
  return Object.fromEntries(faulted.map((name, index) => [name, values[index]])) as Record<
    FaultedName,
    T
  >;
}

async function write(folder: string, results: Results): Promise<void> {
  const goals = judgeGoals(results);
  const conditions = {
    ...{ date: new Date().toISOString(), commit: commit(), node: process.version },
    ...{ cpus: cpus().length, load: loadavg()[0] },
  };
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'bench.json');
  const json = JSON.stringify({ conditions, goals, results }, round);
  // As the lint wants to find it.
  const style = (await resolveConfig(path)) ?? {};
  writeFileSync(path, await format(json, { ...style, filepath: path }));
  writeFileSync(join(folder, 'bench.svg'), drawChart(results));
  process.stdout.write(renderTables(results, goals));
}

/** What was measured; with a "+" if it is not quite that. */
function commit(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();
  const isClean = git('status', '--porcelain', '--', 'src', 'bin', 'scripts') === '';
  return git('rev-parse', '--short', 'HEAD') + (isClean ? '' : '+');
}

/** Microseconds are enough. */
function round(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}

await main();
