/**
 * Leadership among many standbys: the shipped driver and Lease API with real connections, and commands that are only told
 * of, so that all of them fit into one process. Run as a process of its own:
 *
 *     crowd.ts <kubeconfig> <hand-overs>     prints a `CrowdResult` as JSON
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { EventEmitter } from 'node:events';
import { realClock } from '../../src/process/clock.ts';
import type { CommandEvent } from '../../src/election/event.ts';
import type { Supervisor } from '../../src/command/supervisor.ts';
import type { LeaseApi } from '../../src/lease/api.ts';
import { loadCluster, type LeaseCluster } from '../../src/lease/cluster.ts';
import { connectLease } from '../../src/lease/connection.ts';
import { run } from '../../src/run.ts';

export interface CrowdResult {
  /** From the signal to the leader to "go" for its successor, ms, with one standby and with a hundred. */
  readonly oneMs: readonly number[];
  readonly hundredMs: readonly number[];
  /** Writes sent in each, the release included. */
  readonly onePuts: readonly number[];
  readonly hundredPuts: readonly number[];
}

const crowdSize = 100;
const settleMs = 300;

/** Candidates for one Lease. */
class Crowd {
  readonly #cluster: () => LeaseCluster;
  readonly #lock: string;
  readonly #changes = new EventEmitter<{ leads: [number] }>();
  #stopLeader: (() => void) | null = null;
  #onSettled: () => void = () => undefined;
  #writes = 0;

  constructor(cluster: () => LeaseCluster, lock: string) {
    this.#cluster = cluster;
    this.#lock = lock;
  }

  /** One candidate more; resolves when it leads or waits. */
  async join(): Promise<void> {
    const settled = new Promise<void>((resolve) => (this.#onSettled = resolve));
    this.#run();
    await settled;
  }

  /** Ends the leader, and says how long it took until another led and how many writes were sent for it. */
  async handOver(): Promise<{ readonly ms: number; readonly writes: number }> {
    const next = once(this.#changes, 'leads') as Promise<[number]>;
    this.#writes = 0;
    const beforeMs = performance.now();
    this.#stopLeader?.();
    const [atMs] = await next;
    await pause(settleMs);
    return { ms: atMs - beforeMs, writes: this.#writes };
  }

  #run(): void {
    let stop: () => void = () => undefined;
    const running = run(
      {
        identity: `crowd-${randomUUID()}`,
        leaseName: this.#lock,
        leaseNamespace: 'default',
        ...{ leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
        ...{ lossGraceMs: 3_000, gracePeriodMs: 25_000, waitMs: Infinity },
        stopSignal: 'SIGTERM',
        signals: { hasTerminal: false },
      },
      {
        clock: realClock,
        api: this.#countingApi(),
        createSupervisor: (onEvent) =>
          pretendToSupervise(onEvent, () => {
            this.#stopLeader = stop;
            this.#changes.emit('leads', performance.now());
            this.#onSettled();
          }),
        listenToSignals: (onSignal) => {
          stop = () => onSignal('SIGTERM');
          return { close: () => undefined };
        },
        suspend: () => undefined,
        report: ({ id }) => {
          if (id === 'waiting') this.#onSettled();
        },
      },
    );
    running.catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  }

  #countingApi(): LeaseApi {
    const api = connectLease({
      cluster: this.#cluster(),
      namespace: 'default',
      name: this.#lock,
      userAgent: 'leader-run/bench',
    });
    return {
      send: (request, timeoutMs) => {
        if (request.id !== 'get') this.#writes += 1;
        return api.send(request, timeoutMs);
      },
      watch: (...options) => api.watch(...options),
      close: () => api.close(),
    };
  }
}

/** A command that starts at "go" and ends at the first signal. */
function pretendToSupervise(onEvent: (event: CommandEvent) => void, onGo: () => void): Supervisor {
  const later = (...events: CommandEvent[]) => setImmediate(() => events.forEach(onEvent));
  const end = () => later({ id: 'ended', ending: { id: 'exited', code: 0 } }, { id: 'gone' });
  return {
    prepare: () => later({ id: 'ready' }),
    start: () => {
      onGo();
      later({ id: 'started', pid: process.pid });
    },
    extend: () => undefined,
    signal: end,
    signalTree: () => undefined,
    kill: end,
    cancel: () => later({ id: 'gone' }),
  };
}

const [kubeconfig = '', handOvers = '10'] = process.argv.slice(2);
const cluster = () => {
  const loaded = loadCluster({ kubeconfig, context: null, env: {}, homeDirectory: '/' });
  if (loaded.id === 'failed') throw new Error(loaded.message);
  return loaded.cluster;
};
const one = new Crowd(cluster, `crowd-one-${randomUUID()}`);
const hundred = new Crowd(cluster, `crowd-hundred-${randomUUID()}`);
await one.join();
await one.join();
await hundred.join();
for (let standby = 0; standby < crowdSize; standby += 1) await hundred.join();
await pause(3 * settleMs);
const taken = {
  one: [] as { ms: number; writes: number }[],
  hundred: [] as { ms: number; writes: number }[],
};
for (let round = 0; round < Number(handOvers); round += 1) {
  taken.one.push(await one.handOver());
  await one.join();
  await pause(settleMs);
  taken.hundred.push(await hundred.handOver());
  await hundred.join();
  await pause(settleMs);
}
const result: CrowdResult = {
  oneMs: taken.one.map(({ ms }) => ms),
  hundredMs: taken.hundred.map(({ ms }) => ms),
  onePuts: taken.one.map(({ writes }) => writes),
  hundredPuts: taken.hundred.map(({ writes }) => writes),
};
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
