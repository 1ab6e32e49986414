/** One run: a stage, candidates, jobs and a nemesis; then peace, the end of all, and the verdict. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../simulation/random.ts';
import { check } from './check.ts';
import type { Verdict } from './verdict.ts';
import { files, readHistory, type History, type Settings } from './history.ts';
import { runJobs } from './jobs.ts';
import { Nemesis } from './nemesis.ts';
import { kinds, makePlan } from './plan.ts';
import { signal, withWord } from './processes.ts';
import { keepClientGo, renewFraction, Replica } from './replica.ts';
import { compile, libfaketime, locks, setStage, type Stage } from './stage.ts';
import { Starts } from './starts.ts';

export interface TortureOptions {
  readonly seed: number;
  readonly minutes: number;
  /** client-go's is one of them. */
  readonly candidates: number;
  /** A folder with leader-run's `bin` and `dist`. */
  readonly program: string;
  /** Where all that the run leaves is to lie: new, and on no path that others use. */
  readonly folder: string;
  /** Asked now and then; the run ends early if it says so. */
  readonly isEnough?: (verdict: Verdict) => boolean;
}

export interface Outcome {
  readonly history: History;
  readonly verdict: Verdict;
}

const patienceMs = 40_000;
const lookEachMs = 10_000;

/** What this machine lacks, and the faults that are left out for it. */
export const missing: readonly string[] =
  libfaketime === null ? [`libfaketime: no ${kinds.clock.join(', no ')}`] : [];

export async function torture(options: TortureOptions): Promise<Outcome> {
  const { candidates, folder } = options;
  mkdirSync(folder, { recursive: true });
  if (!compile(folder)) throw new Error('Cannot torture: there is no C compiler "cc"');
  const names = Array.from({ length: candidates - 1 }, (_, index) => `c${index}`);
  const stage = await setStage(folder, [...names, 'go']);
  let left: string[] = [];
  try {
    left = await perform(options, stage);
  } finally {
    await stage.close();
  }
  const settings: Settings = { renewFraction, left };
  writeFileSync(join(folder, files.settings), JSON.stringify(settings));
  const history = readHistory(folder, join(folder, files.audit), settings);
  return { history, verdict: check(history) };
}

/** Returns what was left when all had been told to end. */
async function perform(options: TortureOptions, stage: Stage): Promise<string[]> {
  const { seed, program, folder } = options;
  const starts = new Starts(join(folder, files.stamps));
  const replicas = stage.seats
    .filter(({ name }) => name !== 'go')
    .map((seat) => new Replica(stage, seat, program, new Random(`${seed} ${seat.name}`)));
  const nemesis = new Nemesis(stage, replicas, starts, program);
  const over = new AbortController();
  const enough = watchVerdict(options, stage, over.signal);
  const keeping = [
    ...replicas.map((replica) => replica.keep()),
    ...stage.seats
      .filter(({ name }) => name === 'go')
      .map((seat) => keepClientGo(stage, seat, over.signal)),
  ];
  const jobs = runJobs(replicas, nemesis, new Random(`${seed} jobs`), over.signal);
  const without = libfaketime === null ? kinds.clock : [];
  const plan = makePlan({ ...options, candidates: replicas.length, without });
  await nemesis.follow(plan, enough);
  const left = enough.aborted || (await somebodyLeads(starts)) ? [] : ['no one leads in the end'];
  over.abort();
  await jobs;
  left.push(...(await Promise.all(replicas.map((replica) => replica.end(patienceMs)))).flat());
  await Promise.all(keeping);
  starts.close();
  // A guard needs a moment after the end of its leader-run.
  await delay(1_000);
  for (const pid of withWord(join(folder, 'command'))) {
    left.push(`process ${pid}`);
    signal(pid, 'SIGKILL');
  }
  return left;
}

/** Aborted when the verdict on what has happened so far is enough. */
function watchVerdict(options: TortureOptions, stage: Stage, over: AbortSignal): AbortSignal {
  const enough = new AbortController();
  const { isEnough, folder } = options;
  if (isEnough === undefined) return enough.signal;
  const timer = setInterval(() => {
    const audit = stage.cluster.auditLog ?? '';
    if (isEnough(check(readHistory(folder, audit, { renewFraction, left: null })))) enough.abort();
  }, lookEachMs);
  over.addEventListener('abort', () => clearInterval(timer));
  return enough.signal;
}

/** Once all is healed, a service runs in the end. */
async function somebodyLeads(starts: Starts): Promise<boolean> {
  const endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    const leader = starts.latest.get(locks.work);
    if (leader !== undefined && signal(leader.pid, 0)) return true;
    await delay(100);
  }
  return false;
}
