/**
 * What `--http` costs a candidate, as ratios to one without it in the same turns; and a hand-over by `leader-run transfer` to a
 * named standby, beside one by SIGTERM.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../test/fixtures/free-port.ts';
import { type AuditEntry, readAudit } from './audit.ts';
import type { Candidate } from './candidate.ts';
import { atNextMillisecond } from './clock.ts';
import { type HandOver, Lane } from './lane.ts';
import { costOf } from './process-tree.ts';
import { createUser, freshLock, type Stage } from './stage.ts';
import { mapValues } from './statistics.ts';

export interface Operated {
  /** From the start to the command's first instruction, ms. */
  readonly startUps: Readonly<Record<Kind, readonly number[]>>;
  /** From SIGTERM of the leader to the successor's first instruction, ms. */
  readonly handOvers: Readonly<Record<Kind, readonly number[]>>;
  /** The same by `leader-run transfer`: from its start, and from when its request reached the API server, ms. */
  readonly transfers: Readonly<Record<'fromStart' | 'fromRequest', readonly number[]>>;
  /** Of leaders, guard included, MB; `scraped`: after probes and scrapes as in a cluster. */
  readonly rssMb: Readonly<Record<Kind | 'scraped', readonly number[]>>;
}

type Kind = 'plain' | 'http';

const flags = { plain: [], http: ['--http', ':0'] } as const;
/** Twice as often as a kubelet and a Prometheus ask by default. */
const probeEveryMs = 5_000;
const leadersOfEach = 4;
const settleMs = 15_000;

export async function measureOperated(stage: Stage): Promise<Operated> {
  stage.say(`with and without --http, and by transfer, ${stage.plan.handOvers} rounds`);
  const startUps = await measureStartUps(stage);
  const { handOvers, transfers } = await measureHandOvers(stage);
  return { startUps, handOvers, transfers, rssMb: await measureMemory(stage) };
}

async function measureStartUps({ cluster, programs, plan }: Stage): Promise<Operated['startUps']> {
  const took: Record<Kind, number[]> = { plain: [], http: [] };
  // What is read from disk for the first time is not to be measured.
  for (let round = -1; round < 2 * plan.startUps; round += 1) {
    for (const kind of ['plain', 'http'] as const) {
      const candidate = programs['leader-run'].start({
        ...{ lock: freshLock(), kubeconfig: cluster.adminKubeconfig, isBrief: true },
        flags: flags[kind],
      });
      const startedAtMs = await candidate.started();
      if (round >= 0) took[kind].push(startedAtMs - candidate.launchedAtMs);
      await candidate.closed();
    }
  }
  return took;
}

async function measureHandOvers(stage: Stage): Promise<Pick<Operated, 'handOvers' | 'transfers'>> {
  const program = stage.programs['leader-run'];
  const plain = new Lane(stage, program);
  const http = new Lane(stage, program, flags.http);
  const transferred = new Lane(stage, program);
  // By a user of its own, so that the server's log tells its requests from the leader's.
  const asker = await createUser(stage.cluster, transferred.lock);
  const taken: Record<'plain' | 'http' | 'transferred', HandOver[]> = {
    ...{ plain: [], http: [], transferred: [] },
  };
  for (let round = 0; round < stage.plan.handOvers; round += 1) {
    await Promise.all([plain.prepare(), http.prepare(), transferred.prepare()]);
    taken.plain.push(await plain.handOver());
    taken.http.push(await http.handOver());
    const transfer = new Transfer(stage, transferred.lock, asker.kubeconfig);
    taken.transferred.push(await transferred.handOver((to) => transfer.start(to)));
    await transfer.ended();
  }
  await Promise.all([plain.end(), http.end(), transferred.end()]);
  const requests = readAudit(stage.cluster.auditLog ?? '').filter(
    ({ user, verb, code }) => user === asker.name && verb === 'update' && code === 200,
  );
  return {
    handOvers: { plain: tookMs(taken.plain), http: tookMs(taken.http) },
    transfers: {
      fromStart: tookMs(taken.transferred),
      fromRequest: taken.transferred.flatMap((one) => fromRequestMs(one, requests)),
    },
  };
}

function tookMs(all: readonly HandOver[]): number[] {
  return all.map(({ signalledAtMs, startedAtMs }) => startedAtMs - signalledAtMs);
}

function fromRequestMs(
  { signalledAtMs, startedAtMs }: HandOver,
  requests: readonly AuditEntry[],
): number[] {
  return requests
    .filter(({ receivedAtMs }) => receivedAtMs > signalledAtMs && receivedAtMs < startedAtMs)
    .map(({ receivedAtMs }) => startedAtMs - receivedAtMs);
}

/** `leader-run transfer`, once. */
class Transfer {
  readonly #stage: Stage;
  readonly #lock: string;
  readonly #kubeconfig: string;
  #process: ChildProcess | null = null;

  constructor(stage: Stage, lock: string, kubeconfig: string) {
    this.#stage = stage;
    this.#lock = lock;
    this.#kubeconfig = kubeconfig;
  }

  /** Unix ms at which it was started. */
  start(to: string): number {
    const args = ['transfer', this.#lock, '--to', to, '-n', 'default'];
    const atMs = atNextMillisecond();
    this.#process = spawn(
      join(this.#stage.programs.folder, 'bin/leader-run'),
      [...args, '--kubeconfig', this.#kubeconfig],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    return atMs;
  }

  async ended(): Promise<void> {
    const child = this.#process;
    if (child === null) throw new Error('not started');
    if (child.exitCode === null) await once(child, 'exit');
    if (child.exitCode !== 0)
      throw new Error(`transfer ended with ${child.exitCode ?? 'a signal'}`);
  }
}

/** Several leaders of each kind, all at once. */
async function measureMemory(stage: Stage): Promise<Operated['rssMb']> {
  const { cluster, programs } = stage;
  const start = (more: readonly string[]): Candidate =>
    programs['leader-run'].start({
      ...{ lock: freshLock(), kubeconfig: cluster.adminKubeconfig, flags: more },
    });
  const leaders = { plain: [], http: [], scraped: [] } as Record<Kind | 'scraped', Candidate[]>;
  const ports: number[] = [];
  for (let index = 0; index < leadersOfEach; index += 1) {
    const port = await freePort();
    ports.push(port);
    leaders.plain.push(start(flags.plain));
    leaders.http.push(start(flags.http));
    leaders.scraped.push(start(['--http', `127.0.0.1:${port}`]));
  }
  const all = Object.values(leaders).flat();
  await Promise.all(all.map((leader) => leader.started()));
  for (let askedMs = 0; askedMs < settleMs; askedMs += probeEveryMs) {
    await Promise.all(ports.map(askAsACluster));
    await pause(probeEveryMs);
  }
  const rssMb = mapValues(leaders, (some) =>
    some.map(({ pid, commandPid }) => costOf(pid, commandPid).rssMb),
  );
  await Promise.all(all.map((leader) => leader.end()));
  return rssMb;
}

async function askAsACluster(port: number): Promise<void> {
  for (const path of ['livez', 'readyz', 'metrics']) {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`);
    await response.text();
  }
}
