/**
 * `npm run bench:growth`: whether a leader grows. By the shipped driver, Lease API, guard and gate, over real connections to a sandbox in a
 * process of its own: an hour of renewals (1,800 at the default of one in 2 s), a hundred times faster, and 300 losses with
 * `--on-lost rejoin`. Each is compared with itself after a warm-up.
 */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { realClock } from '../../src/process/clock.ts';
import { readStartContext } from '../../src/process/start-context.ts';
import { listenToSignals } from '../../src/process/signals.ts';
import { CommandSupervisor } from '../../src/command/command-supervisor.ts';
import type { Report } from '../../src/election/report.ts';
import { loadCluster } from '../../src/lease/cluster.ts';
import { connectLease } from '../../src/lease/connection.ts';
import { type RunSettings, run } from '../../src/run.ts';

const warmUpRenewals = 600;
const hourOfRenewals = 1_800;

const warmUpLosses = 50;
const countedLosses = 300;
/** After one loss in so many the API server comes back only when the release has been given up. */
const longLossEvery = 25;

const hourSettings: Partial<RunSettings> = {
  ...{ leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 20, lossGraceMs: 3_000 },
};
/** Short, so that many are lost in little time. */
const lossSettings: Partial<RunSettings> = {
  ...{ leaseDurationMs: 2_000, renewDeadlineMs: 400, retryPeriodMs: 100, lossGraceMs: 300 },
  rejoins: true,
};

interface Size {
  readonly heapKb: number;
  readonly rssKb: number;
  readonly descriptors: number;
  readonly timers: number;
  readonly children: number;
}

function sizeNow(): Size {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Run it with node --expose-gc');
  gc();
  const { pid } = process;
  const status = readFileSync('/proc/self/status', 'utf8');
  return {
    heapKb: Math.round(process.memoryUsage().heapUsed / 1024),
    rssKb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]),
    descriptors: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    children: readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').length,
  };
}

interface Sandbox {
  readonly kubeconfig: string;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `leader-run sandbox`. */
async function startSandbox(): Promise<Sandbox> {
  const bundle = resolve(import.meta.dirname, '../../dist/leader-run.cjs');
  // Without the launcher: stopped is to be what serves.
  const sandbox = spawn(process.execPath, [bundle, 'sandbox'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  for await (const chunk of sandbox.stderr) {
    text += String(chunk);
    const kubeconfig = /KUBECONFIG=(\S+)/.exec(text)?.[1];
    if (kubeconfig !== undefined)
      return { kubeconfig, kill: (signal) => void sandbox.kill(signal) };
  }
  throw new Error(`The sandbox ended: ${text}`);
}

/** A leader in this process. */
class Leader {
  renewals = 0;
  readonly #ended: Promise<unknown>;
  #deliver: (signal: NodeJS.Signals) => void = () => undefined;
  readonly #awaited = new Map<Report['id'], () => void>();

  constructor({ kubeconfig }: Sandbox, name: string, settings: Partial<RunSettings>) {
    this.#ended = run(
      {
        ...{ identity: 'growth', leaseName: name, leaseNamespace: 'default' },
        ...{ leaseDurationMs: 0, renewDeadlineMs: 0, retryPeriodMs: 0, lossGraceMs: 0 },
        ...{ gracePeriodMs: 5_000, waitMs: Infinity, stopSignal: 'SIGTERM' },
        ...settings,
        signals: { hasTerminal: false },
      },
      {
        clock: realClock,
        api: this.#connect(kubeconfig, name),
        createSupervisor: (onEvent) =>
          new CommandSupervisor({
            command: ['sleep', '100000'],
            startContext: readStartContext(process.env),
            settingNames: [],
            hasTerminal: false,
            onEvent,
            onWarning: (message) => console.error(message),
          }),
        listenToSignals: (onSignal) => {
          this.#deliver = onSignal;
          return listenToSignals(false, onSignal);
        },
        suspend: () => undefined,
        report: ({ id }) => this.#awaited.get(id)?.(),
      },
    );
  }

  #connect(kubeconfig: string, name: string): ReturnType<typeof connectLease> {
    const options = { kubeconfig, context: null, env: {}, homeDirectory: '/' };
    const loaded = loadCluster(options);
    if (loaded.id === 'failed') throw new Error(loaded.message);
    const { cluster } = loaded;
    const userAgent = 'leader-run/growth';
    const api = connectLease({ cluster, namespace: 'default', name, userAgent });
    return {
      send: (request, timeoutMs) => {
        if (request.id === 'update') this.renewals += 1;
        return api.send(request, timeoutMs);
      },
      watch: (version, silenceMs, onEvent) => api.watch(version, silenceMs, onEvent),
      close: () => api.close(),
    };
  }

  /** The next report of this kind. */
  says(id: Report['id']): Promise<void> {
    return new Promise((done) => this.#awaited.set(id, done));
  }

  async end(): Promise<void> {
    this.#deliver('SIGTERM');
    await this.#ended;
  }
}

async function renewOften(sandbox: Sandbox): Promise<void> {
  const leader = new Leader(sandbox, 'growth', hourSettings);
  const until = async (wanted: number) => {
    while (leader.renewals < wanted) await pause(50);
  };
  await until(warmUpRenewals);
  const before = sizeNow();
  await until(leader.renewals + hourOfRenewals);
  tell(`${warmUpRenewals} renewals`, `an hour's ${hourOfRenewals}`, before, sizeNow());
  await leader.end();
}

async function loseOften(sandbox: Sandbox): Promise<void> {
  const leader = new Leader(sandbox, 'losses', lossSettings);
  await leader.says('command-started');
  const lose = async (times: number) => {
    for (let loss = 1; loss <= times; loss += 1) {
      const [lost, led] = [
        leader.says(loss % longLossEvery === 0 ? 'rejoining' : 'stopping-command'),
        leader.says('command-started'),
      ];
      sandbox.kill('SIGSTOP');
      await lost;
      sandbox.kill('SIGCONT');
      await led;
    }
  };
  await lose(warmUpLosses);
  const before = sizeNow();
  await lose(countedLosses);
  tell(`${warmUpLosses} losses`, String(countedLosses), before, sizeNow());
  await leader.end();
}

function tell(warmUp: string, counted: string, before: Size, after: Size): void {
  console.log(`after ${warmUp} to warm up, and after ${counted} more:`);
  for (const key of Object.keys(before) as (keyof Size)[]) {
    const ratio = (after[key] / before[key]).toFixed(3);
    console.log(`${key.padEnd(12)} ${before[key]} → ${after[key]}  (${ratio} ×)`);
  }
}

const sandbox = await startSandbox();
await renewOften(sandbox);
await loseOften(sandbox);
sandbox.kill('SIGTERM');
