/** What a leader and a standby cost while nothing happens: requests by the server's own log, memory and CPU. */
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { readAudit } from './audit.ts';
import type { Candidate } from './candidate.ts';
import { type Cost, costOf } from './process-tree.ts';
import type { ProgramName } from './programs.ts';
import { createUser, freshLock, type Stage } from './stage.ts';

export interface Idle {
  /** null: it does not use the API server. */
  readonly requestsPerMinute: number | null;
  readonly rssMb: number;
  readonly pssMb: number;
  readonly cpuMsPerMinute: number;
}

export type Idles = Readonly<
  Record<ProgramName, { readonly leader: Idle; readonly standby: Idle }>
> & {
  /** A Node.js that does nothing. */
  readonly node: Idle;
};

interface Subject {
  readonly user: string;
  readonly candidate: Candidate;
  readonly cost: () => Cost;
}

/** First renewals, and what a start leaves to be collected, are not idleness. */
const warmUpMs = 4_000;
const names: readonly ProgramName[] = ['leader-run', 'wrapper', 'example', 'etcdctl'];

export async function measureIdle(stage: Stage): Promise<Idles> {
  const pairs = await Promise.all(names.map((name) => startPair(stage, name)));
  const node = spawn('node', ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  const costOfNode = () => costOf(node.pid ?? 0, null);
  await pause(warmUpMs);
  const all = pairs.flat();
  const fromMs = Date.now();
  const before = [...all.map(({ cost }) => cost()), costOfNode()];
  await pause(stage.plan.idleMs);
  const toMs = Date.now();
  const after = [...all.map(({ cost }) => cost()), costOfNode()];
  const audit = readAudit(stage.cluster.auditLog ?? '').filter(
    ({ receivedAtMs }) => receivedAtMs >= fromMs && receivedAtMs < toMs,
  );
  const perMinute = (count: number) => (count * 60_000) / (toMs - fromMs);
  const idleOf = (index: number, user: string | null): Idle => ({
    requestsPerMinute:
      user === null ? null : perMinute(audit.filter((entry) => entry.user === user).length),
    rssMb: after[index]?.rssMb ?? NaN,
    pssMb: after[index]?.pssMb ?? NaN,
    cpuMsPerMinute: perMinute((after[index]?.cpuMs ?? NaN) - (before[index]?.cpuMs ?? NaN)),
  });
  node.kill('SIGKILL');
  await Promise.all(all.map(({ candidate }) => candidate.end()));
  const rows = names.map((name, index) => {
    const userOf = (at: number) => (name === 'etcdctl' ? null : (all[at]?.user ?? null));
    const [leader, standby] = [index * 2, index * 2 + 1];
    return [
      name,
      { leader: idleOf(leader, userOf(leader)), standby: idleOf(standby, userOf(standby)) },
    ] as const;
  });
  return { ...Object.fromEntries(rows), node: idleOf(all.length, null) } as Idles;
}

async function startPair({ cluster, programs }: Stage, name: ProgramName): Promise<Subject[]> {
  const lock = freshLock();
  const start = async (): Promise<Subject> => {
    const user = await createUser(cluster, lock);
    const candidate = programs[name].start({ lock, kubeconfig: user.kubeconfig });
    const cost = () => costOf(candidate.pid, candidate.commandPid);
    return { user: user.name, candidate, cost };
  };
  const leader = await start();
  await leader.candidate.started();
  return [leader, await start()];
}
