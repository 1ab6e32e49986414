/**
 * The composition root: the real clock, API server and processes around the driver, and the exit status.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { bootNowMs } from './process/clock.ts';
import { createLockId, createMarkers, lockIdsAround } from './command/markers.ts';
import { readStartContext } from './process/start-context.ts';
import { leaveTerminal } from './process/leave-terminal.ts';
import { findTerminal, listenToSignals } from './process/signals.ts';
import { suspendSelf } from './process/suspend.ts';
import { createSupervisor } from './command/command-supervisor.ts';
import { createDeferredLog } from './cli/deferred-log.ts';
import { exitStatus, failedExitCode } from './cli/exit-status.ts';
import { envVarNames } from './cli/flags.ts';
import { type Log, createLog } from './cli/log.ts';
import { failureClause } from './cli/failures.ts';
import { createMessages } from './cli/messages.ts';
import type { RunOptions, SandboxOptions } from './cli/options.ts';
import { parseCommandLine } from './cli/parse.ts';
import { openStderr } from './cli/stderr.ts';
import type { LeaseCluster } from './lease/cluster.ts';
import type { CommandEvent } from './election/event.ts';
import { nextDeadlineMs } from './election/step.ts';
import { createApiClient } from './lease/client.ts';
import { connectLease } from './lease/connection.ts';
import { check, printManifests, showStatus } from './look.ts';
import { type Clock, run } from './run.ts';
import { environmentOf, fail, findCluster, print, userAgent, version } from './surroundings.ts';

// Not at once: with other flags Node cannot use the compiled code that its own modules come with, which costs 10 ms.
setTimeout(() => {
  // Nothing here runs often enough to be worth optimised code, which would cost some MB.
  setFlagsFromString('--no-opt');
  // What has not run for long may be the way to the next leader: it is not to be compiled again then.
  setFlagsFromString('--no-flush-bytecode');
}, 0);

const write = openStderr();
const backlog = createDeferredLog();
process.on('exit', () => backlog.flush());

const clock: Clock = {
  bootMs: bootNowMs,
  wallMs: Date.now,
  // performance.now() stands still while the machine sleeps.
  suspendedMs: () => bootNowMs() - performance.now(),
  random: Math.random,
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

async function main(): Promise<number> {
  const commandLine = parseCommandLine(process.argv.slice(2), process.env, {
    hostname: hostname(),
    uuid: randomUUID(),
    version,
  });
  switch (commandLine.id) {
    case 'print':
      return print(commandLine.text, plainLog()) === 'failed' ? failedExitCode : 0;
    case 'refused':
      return fail(plainLog(commandLine.format), commandLine.message);
    case 'status':
      return showStatus(commandLine.options, plainLog());
    case 'check':
      return check(commandLine.options, plainLog());
    case 'manifests':
      return printManifests(commandLine.options, plainLog());
    case 'sandbox':
      return serveSandbox(commandLine.options);
    case 'run':
      return lead(commandLine.options);
  }
}

/** Of what is no run: nothing but errors, in text unless a run's flags ask for JSON. */
function plainLog(format: RunOptions['log']['format'] = 'text'): Log {
  return createLog({ format, level: 'info', quiet: false }, write, Date.now);
}

async function lead(options: RunOptions): Promise<number> {
  const log = createLog(options.log, write, Date.now);
  for (const warning of options.warnings) log.warn(warning);
  const startContext = readStartContext(process.env);
  const terminal = findTerminal();
  const signals = receiveSignals(terminal.hasTerminal);
  const markers = createMarkers();
  // Of what credential plugins leave behind, nothing belongs to the command.
  const env = { ...environmentOf(startContext), [markers.helper]: '' };
  const loaded = findCluster(options, env);
  if (loaded.id === 'failed') return fail(log, loaded.message);
  const lease = leaseOf(options, loaded.cluster);
  if (lockIdsAround(process.env).includes(lease.lockId)) return fail(log, deadlockMessage(lease));

  const warn = (message: string) => backlog.add(() => log.warn(message));
  const observed = options.operate === null ? null : await observe(options, lease, warn);
  if (observed?.id === 'failed') return fail(log, observed.message);
  const observers = observed?.observers ?? null;
  const messages = createMessages({ ...options.settings, ...lease });
  const createSupervisorOf = (onEvent: (event: CommandEvent) => void) =>
    createSupervisor({
      command: options.command,
      notes: startContext,
      settingNames: envVarNames,
      hasTerminal: terminal.hasTerminal,
      lockId: lease.lockId,
      markers,
      onEvent,
      onWarning: (message, about) => {
        warn(message);
        if (about === 'guard') observers?.onGuardReplaced();
      },
    });
  const api = connectLease({ ...lease, name: lease.lockName, userAgent });
  const outcome = await run(
    {
      ...options.settings,
      leaseName: lease.lockName,
      leaseNamespace: lease.namespace,
      stopSignal: options.stopSignal,
      signals: { ...terminal, ignoredSignals: startContext.ignoredSignals },
    },
    {
      clock,
      api: observers?.observeApi(api) ?? api,
      createSupervisor: createSupervisorOf,
      listenToSignals: signals,
      suspend: suspendSelf,
      report: (report) => backlog.add(() => log.say(messages.ofReport(report))),
      ...(observers === null ? {} : { onState: observers.onState }),
    },
  );
  backlog.flush();
  // What is still being sent has 2 s. The lease is released already.
  await observers?.close();
  const line = messages.ofOutcome(outcome);
  if (line !== null) log.say(line);
  if (terminal.hasTerminal) leaveTerminal(outcome);
  return exitStatus(outcome, options);
}

type LeaseOfRun = ReturnType<typeof leaseOf>;

/** Which Lease this run is about, and where. */
function leaseOf({ lockName, lockNamespace }: RunOptions, cluster: LeaseCluster) {
  const namespace = lockNamespace ?? cluster.namespace;
  const { origin: server, href } = cluster.server;
  const lockId = createLockId(`${href} ${namespace} ${lockName}`);
  return { cluster, namespace, lockName, server, context: cluster.context, lockId };
}

/** Starts what the cluster's operators see of the run. */
async function observe(options: RunOptions, lease: LeaseOfRun, warn: (message: string) => void) {
  const { startObservers } = await import('./operate/observers.ts');
  const {
    http = null,
    commandHealth = null,
    hasEvents = false,
    podLabel = null,
  } = options.operate ?? {};
  return startObservers(
    {
      http,
      commandHealth,
      hasEvents,
      podLabel: podLabel && {
        ...podLabel,
        namespace: podLabel.namespace ?? lease.cluster.namespace,
      },
    },
    {
      lock: { namespace: lease.namespace, name: lease.lockName },
      identity: options.settings.identity,
      version,
      api: createApiClient(lease.cluster, userAgent),
      loadMetrics: () => import('./operate/metrics.ts'),
      bootMs: bootNowMs,
      nextDeadlineMs,
      describe: failureClause,
      warn,
    },
  );
}

function deadlockMessage({ namespace, lockName, server }: LeaseOfRun): string {
  return `Cannot wait for lease "${namespace}/${lockName}" at ${server}: this process runs inside a leader-run that holds it. Choose another --lock-name`;
}

/** Listens from now on; what comes before the driver asks for it is kept. */
function receiveSignals(
  hasTerminal: boolean,
): (onSignal: (signal: NodeJS.Signals) => void) => { close(): void } {
  const early: NodeJS.Signals[] = [];
  let deliver = (signal: NodeJS.Signals): void => void early.push(signal);
  const listening = listenToSignals(hasTerminal, (signal) => deliver(signal));
  return (onSignal) => {
    deliver = onSignal;
    // Not now: the driver is still being made.
    queueMicrotask(() => early.forEach(onSignal));
    return listening;
  };
}

async function serveSandbox(options: SandboxOptions): Promise<number> {
  const { runSandbox } = await import('./sandbox/run.ts');
  return runSandbox({ ...options, write, env: environmentOf(readStartContext(process.env)) });
}

/** The tree goes with us: the supervisor kills it when this process exits. */
function crash(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  backlog.flush();
  write(`leader-run: Internal error, please report it: ${text}\n`);
  process.exit(failedExitCode);
}

process.on('uncaughtException', crash);
main().then((status) => process.exit(status), crash);
