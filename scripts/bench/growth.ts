/**
 * `npm run bench:growth`: whether a leader grows. An hour of renewals (1,800 at the default of one in 2 s), a hundred times
 * faster, by the shipped driver, Lease API, guard and gate, over real connections to a sandbox in a process of its own.
 */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { realClock } from '../../src/process/clock.ts';
import { readStartContext } from '../../src/process/start-context.ts';
import { listenToSignals } from '../../src/process/signals.ts';
import { createSupervisor } from '../../src/command/command-supervisor.ts';
import type { Report } from '../../src/election/report.ts';
import { loadCluster } from '../../src/lease/cluster.ts';
import { connectLease } from '../../src/lease/connection.ts';
import { run } from '../../src/run.ts';

const warmUpRenewals = 600;
const hourOfRenewals = 1_800;
const retryPeriodMs = 20;

interface Size {
  readonly heapKb: number;
  readonly rssKb: number;
  readonly descriptors: number;
}

function sizeNow(): Size {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Run it with node --expose-gc');
  gc();
  const status = readFileSync('/proc/self/status', 'utf8');
  return {
    heapKb: Math.round(process.memoryUsage().heapUsed / 1024),
    rssKb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]),
    descriptors: readdirSync('/proc/self/fd').length,
  };
}

/** Starts `leader-run sandbox` and resolves with its kubeconfig. */
async function startSandbox(): Promise<{ kubeconfig: string; stop(): void }> {
  const leaderRun = resolve(import.meta.dirname, '../../bin/leader-run');
  const sandbox = spawn(leaderRun, ['sandbox'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  for await (const chunk of sandbox.stderr) {
    text += String(chunk);
    const kubeconfig = /KUBECONFIG=(\S+)/.exec(text)?.[1];
    if (kubeconfig !== undefined) return { kubeconfig, stop: () => sandbox.kill() };
  }
  throw new Error(`The sandbox ended: ${text}`);
}

async function main(): Promise<void> {
  const sandbox = await startSandbox();
  const loaded = loadCluster({
    kubeconfig: sandbox.kubeconfig,
    context: null,
    env: {},
    homeDirectory: '/',
  });
  if (loaded.id === 'failed') throw new Error(loaded.message);
  const api = connectLease({
    cluster: loaded.cluster,
    namespace: 'default',
    name: 'growth',
    userAgent: 'leader-run/growth',
  });
  let renewals = 0;
  const counted: typeof api = {
    ...api,
    send: (request, timeoutMs) => {
      if (request.id === 'update') renewals += 1;
      return api.send(request, timeoutMs);
    },
    watch: (version, silenceMs, onEvent) => api.watch(version, silenceMs, onEvent),
    close: () => api.close(),
  };
  let deliver: (signal: NodeJS.Signals) => void = () => undefined;
  const ended = run(
    {
      ...{ identity: 'growth', leaseName: 'growth', leaseNamespace: 'default' },
      ...{ leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs, lossGraceMs: 3_000 },
      ...{ gracePeriodMs: 5_000, waitMs: Infinity, stopSignal: 'SIGTERM' },
      signals: { hasTerminal: false },
    },
    {
      clock: realClock,
      api: counted,
      createSupervisor: (onEvent) =>
        createSupervisor({
          command: ['sleep', '100000'],
          startContext: readStartContext(process.env),
          settingNames: [],
          hasTerminal: false,
          onEvent,
          onWarning: (message) => console.error(message),
        }),
      listenToSignals: (onSignal) => {
        deliver = onSignal;
        return listenToSignals(false, onSignal);
      },
      suspend: () => undefined,
      report: ({ id }: Report) => {
        if (id !== 'acquired' && id !== 'command-started') console.error(id);
      },
    },
  );
  while (renewals < warmUpRenewals) await pause(50);
  const before = sizeNow();
  const wanted = renewals + hourOfRenewals;
  while (renewals < wanted) await pause(50);
  const after = sizeNow();
  deliver('SIGTERM');
  await ended;
  sandbox.stop();
  console.log(
    `after ${warmUpRenewals} renewals to warm up, and after an hour's ${hourOfRenewals} more:`,
  );
  for (const key of ['heapKb', 'rssKb', 'descriptors'] as const) {
    const growth = (((after[key] - before[key]) / before[key]) * 100).toFixed(1);
    console.log(`${key.padEnd(12)} ${before[key]} → ${after[key]}  (${growth} %)`);
  }
}

await main();
