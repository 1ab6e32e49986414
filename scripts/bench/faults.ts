/** What happens when a leader is killed, its network falls silent, or someone else is written into its Lease. */
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'node:https';
import { leasePath, readLease } from '../../test/cluster/api.ts';
import { certificateUser, writeKubeconfig } from '../../test/cluster/users.ts';
import { Proxy } from '../../test/fixtures/proxy.ts';
import { atNextMillisecond } from './clock.ts';
import type { Program } from './programs.ts';
import { freshLock, type Stage, untilStandby } from './stage.ts';

const warmUpMs = 600;
const longIdleMs = 100_000;

/** The retry period of both programs. */
const renewalMs = 2_000;

/** A crash: how long after the end of the lease (its last renewal and L) the successor's command started, ms. */
export interface Crash {
  readonly overshootMs: number;
  /** From SIGKILL of the wrapper until its command was dead; null: it ran on. */
  readonly commandDeadAfterMs: number | null;
}

/** A network that swallows everything, ms. */
export interface BlackHole {
  /** From the silence until the command was told to stop. */
  readonly toldAfterMs: number;
  /** How long two commands ran at once; negative: how long there was none. */
  readonly overlapMs: number;
}

/** Hand-over to a standby that nothing has happened to for longer than servers keep idle connections open (90 s), ms. */
export async function measureAged(stage: Stage, program: Program): Promise<number> {
  const lock = freshLock();
  const { adminKubeconfig: kubeconfig } = stage.cluster;
  const leader = program.start({ lock, kubeconfig });
  await leader.started();
  const standby = program.start({ lock, kubeconfig });
  await untilStandby(standby, program);
  await pause(longIdleMs + Math.random() * 10_000);
  const signalledAtMs = leader.kill('SIGTERM');
  const startedAtMs = await standby.started();
  await Promise.all([leader.end(), standby.end()]);
  return startedAtMs - signalledAtMs;
}

export async function measureCrash(stage: Stage, program: Program): Promise<Crash> {
  const lock = freshLock();
  const { adminKubeconfig: kubeconfig } = stage.cluster;
  const leader = program.start({ lock, kubeconfig });
  await leader.started();
  const standby = program.start({ lock, kubeconfig });
  // A standby counts from what it has seen: it has to see a renewal. Then anywhere between two.
  await untilStandby(standby, program);
  await pause(renewalMs + Math.random() * renewalMs);
  const killedAtMs = leader.kill('SIGKILL');
  const died = leader.closed().then((atMs) => atMs - killedAtMs);
  const commandDeadAfterMs = await Promise.race([died, pause(1_000, null)]);
  const stored = await readLease(stage.cluster, 'default', lock);
  const renewedAtMs = Date.parse(stored?.spec.renewTime ?? '');
  const startedAtMs = await standby.started();
  await Promise.all([leader.end(), standby.end()]);
  const overshootMs = startedAtMs - (renewedAtMs + program.leaseDurationMs);
  return { overshootMs, commandDeadAfterMs };
}

export async function measureBlackHole(stage: Stage, program: Program): Promise<BlackHole> {
  const { cluster } = stage;
  const lock = freshLock();
  const proxy = await Proxy.start(cluster.url);
  const server = `https://127.0.0.1:${proxy.port}`;
  const user = certificateUser(cluster.admin);
  const leader = program.start({ lock, kubeconfig: writeKubeconfig(cluster, { user, server }) });
  await leader.started();
  const standby = program.start({ lock, kubeconfig: cluster.adminKubeconfig });
  await untilStandby(standby, program);
  await pause(renewalMs + Math.random() * renewalMs);
  const silentAtMs = Date.now();
  proxy.freeze();
  const [toldAtMs, startedAtMs] = await Promise.all([leader.told(), standby.started()]);
  await Promise.all([leader.end(), standby.end()]);
  await proxy.close();
  return { toldAfterMs: toldAtMs - silentAtMs, overlapMs: toldAtMs - startedAtMs };
}

/** From the sending of a change of the holder, on a warm connection, until the command was told, ms. */
export async function measureForced(stage: Stage, program: Program): Promise<number> {
  const lock = freshLock();
  const leader = program.start({ lock, kubeconfig: stage.cluster.adminKubeconfig });
  const editor = new Editor(stage, lock);
  await leader.started();
  await editor.patch({ metadata: { labels: { warm: 'yes' } } });
  await pause(warmUpMs);
  const editedAtMs = await editor.patch({ spec: { holderIdentity: 'somebody-else' } });
  const toldAtMs = await leader.told();
  editor.close();
  await leader.end();
  return toldAtMs - editedAtMs;
}

/** An administrator with one connection. */
class Editor {
  readonly #stage: Stage;
  readonly #lock: string;
  readonly #agent: Agent;

  constructor(stage: Stage, lock: string) {
    const { ca, admin } = stage.cluster;
    this.#stage = stage;
    this.#lock = lock;
    this.#agent = new Agent({
      ...{ keepAlive: true, maxSockets: 1 },
      ...{ ca: ca.cert, cert: admin.cert, key: admin.key },
    });
  }

  /** Merges this into the Lease; says when it was sent. */
  patch(change: object): Promise<number> {
    return new Promise((resolve, reject) => {
      const url = new URL(leasePath('default', this.#lock), this.#stage.cluster.url);
      const headers = { 'content-type': 'application/merge-patch+json' };
      const call = request(url, { method: 'PATCH', agent: this.#agent, headers });
      call.on('error', reject);
      call.on('response', (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) resolve(sentAtMs);
          else reject(new Error(`PATCH answered ${response.statusCode ?? 0}`));
        });
      });
      const sentAtMs = atNextMillisecond();
      call.end(JSON.stringify(change));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
