/**
 * `npm run demo`: three replicas of leader-run on one Lease, what happens to them, and a recordClass by the workers' own
 * timestamps. `--sabotage` starts the workers without leader-run, to show that the judge would notice.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { overlaps, termsOf, type WorkerLine } from '../../test/fixtures/judge.ts';
import { Replica } from './replica.ts';
import { Stage } from './scenes.ts';
import { announce, inWords, print, styled } from './screen.ts';
import { type Check, printChart, printChecks } from './summary.ts';

const leaseDurationMs = 6_000;
const longestMs = 40_000;

type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { sabotage: { type: 'boolean' } } });
  const folder = mkdtempSync(join(tmpdir(), 'leader-run-demo-'));
  const kubeconfigPath = join(folder, 'kubeconfig');
  const sandbox = await startSandbox({ port: 0, kubeconfigPath });
  const env = ownEnvironment(kubeconfigPath);
  const replicas = [
    new Replica('alpha', env),
    new Replica('beta', env),
    new Replica('gamma', env),
  ] as const;
  const end = async (): Promise<void> => {
    for (const replica of replicas) replica.signal('SIGKILL');
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void end().finally(() => process.exit(1)));
  }
  try {
    const play = values.sabotage === true ? sabotage(replicas) : perform(replicas, sandbox);
    return (await Promise.race([play, tooLong()])) ? 0 : 1;
  } finally {
    await end();
  }
}

/** Plays all scenes. Returns whether every promise was kept. */
async function perform(
  replicas: readonly [Replica, ...Replica[]],
  sandbox: Sandbox,
): Promise<boolean> {
  print(`A Lease API in memory is at ${sandbox.url}; the Lease lasts ${inWords(leaseDurationMs)}.`);
  const duration = `--lease-duration=${leaseDurationMs}ms`;
  const stage = new Stage(replicas, ['--lock-name=demo', '--lock-namespace=default', duration]);
  await stage.begin();
  const update = await stage.handOver();
  const crash = await stage.crash();
  // An edit that changes nothing: what the first one costs this process is not to be measured.
  await editLease(sandbox, {});
  const edit = await stage.depose(() => editLease(sandbox, { holderIdentity: 'somebody-else' }));
  await stage.end();
  printChart(replicas);
  return printChecks([
    {
      name: 'hand-over',
      measured: inWords(update.handOverMs),
      meaning: "SIGTERM of the leader to the next worker's start: less than 1 s, exit status 0",
      holds: update.handOverMs < 1_000 && update.exit === 0,
    },
    {
      name: 'guard',
      measured: inWords(crash.workerOutlivedMs),
      meaning: "SIGKILL of the leader to its worker's end: less than 1 s",
      holds: crash.workerOutlivedMs < 1_000,
    },
    {
      name: 'take-over',
      measured: inWords(crash.takeOverMs),
      meaning: `SIGKILL of the leader to the next worker's start: ${inWords(leaseDurationMs)} at most, and 1 s`,
      holds: crash.takeOverMs < leaseDurationMs + 1_000,
    },
    {
      name: 'deposed',
      measured: inWords(edit.toldMs),
      meaning: "edit of the Lease to the worker's stop signal: less than 1 s, exit status 75",
      holds: edit.toldMs < 1_000 && edit.exit === 75,
    },
    judgeOverlap(linesOf(replicas), 4),
    judgeTokens(linesOf(replicas)),
  ]);
}

/** Three workers and nobody to see that they take turns. Returns whether the judge was content, which it must not be. */
async function sabotage(replicas: readonly Replica[]): Promise<boolean> {
  announce('Three replicas start their workers without leader-run.');
  const beating = Promise.all(replicas.map((replica) => replica.next('beat')));
  for (const replica of replicas) replica.start(null);
  await beating;
  await pause(2_000);
  const gone = Promise.all(replicas.map((replica) => replica.gone()));
  for (const replica of replicas) replica.signal('SIGTERM');
  await gone;
  printChart(replicas);
  const isUnnoticed = printChecks([judgeOverlap(linesOf(replicas), replicas.length)]);
  print(isUnnoticed ? 'The sabotage went unnoticed.' : 'The sabotage was noticed.');
  return isUnnoticed;
}

function linesOf(replicas: readonly Replica[]): WorkerLine[] {
  return replicas.flatMap(({ lines }) => lines);
}

/** By the workers' own words. Fewer of them than there must have been would prove nothing. */
function judgeOverlap(lines: readonly WorkerLine[], leastWorkers: number): Check {
  const terms = termsOf(lines);
  const longestMs = Math.max(0, ...overlaps(terms).map(({ ms }) => ms));
  return {
    name: 'overlap',
    measured: inWords(longestMs),
    meaning: `the longest that two of the ${terms.length} workers were alive at once: never`,
    holds: longestMs === 0 && terms.length >= leastWorkers,
  };
}

function judgeTokens(lines: readonly WorkerLine[]): Check {
  const starts = lines.filter(({ event }) => event === 'start').toSorted((a, b) => a.atMs - b.atMs);
  const tokens = starts.map(({ token }) => Number(token));
  return {
    name: 'token',
    measured: String(tokens.at(-1)),
    meaning: `the last fencing token: each is larger than the one before (${tokens.join(', ')})`,
    holds: tokens.every((token, at) => at === 0 || token > (tokens[at - 1] ?? Infinity)),
  };
}

/** As `kubectl patch` would. */
async function editLease({ url, token }: Sandbox, spec: object): Promise<void> {
  const lease = `${url}/apis/coordination.k8s.io/v1/namespaces/default/leases/demo`;
  const response = await fetch(lease, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ spec }),
  });
  if (!response.ok)
    throw new Error(`Cannot edit the Lease: ${response.status} ${await response.text()}`);
}

/** Settings that a person has in the environment are not for the demo. */
function ownEnvironment(kubeconfigPath: string): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('LEADER_RUN_'));
  return { ...Object.fromEntries(others), KUBECONFIG: kubeconfigPath };
}

async function tooLong(): Promise<boolean> {
  await pause(longestMs, undefined, { ref: false });
  print(styled('red', `Not over within ${inWords(longestMs)}: something did not happen.`));
  return false;
}

process.exitCode = await main();
