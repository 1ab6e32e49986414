/**
 * The composition root: the real clock, API server and processes around the driver, and the exit status.
 */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { bootNowMs } from './process/clock.ts';
import { createLockId, createMarkers, lockIdsAround } from './command/markers.ts';
import { type StartContext, readStartContext } from './process/start-context.ts';
import { leaveTerminal } from './process/leave-terminal.ts';
import { findTerminal, listenToSignals } from './process/signals.ts';
import { suspendSelf } from './process/suspend.ts';
import { createSupervisor } from './command/command-supervisor.ts';
import { promotionDescriptor } from './command/gate/gate.ts';
import type { Supervisor } from './command/supervisor.ts';
import type { PromotableSupervisor } from './command/warm-supervisor.ts';
import { createDeferredLog } from './cli/deferred-log.ts';
import { exitStatus, failedExitCode } from './cli/exit-status.ts';
import { envVarNames } from './cli/flags.ts';
import { type Log, createLog } from './cli/log.ts';
import { createMessages } from './cli/messages.ts';
import type { RunOptions, SandboxOptions, TransferOptions } from './cli/options.ts';
import { parseCommandLine } from './cli/parse.ts';
import { openStderr } from './cli/stderr.ts';
import { type LeaseCluster, loadCluster } from './lease/cluster.ts';
import type { CommandEvent } from './election/event.ts';
import { connectLease } from './lease/connection.ts';
import { type Clock, run } from './run.ts';

declare const LEADER_RUN_VERSION: string;

const userAgent = `leader-run/${LEADER_RUN_VERSION}`;

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
    version: LEADER_RUN_VERSION,
  });
  switch (commandLine.id) {
    case 'print':
      return print(commandLine.text);
    case 'refused': {
      const options = { format: commandLine.format, level: 'info', quiet: false } as const;
      return fail(createLog(options, write, Date.now), commandLine.message);
    }
    case 'sandbox':
      return serveSandbox(commandLine.options);
    case 'transfer':
      return transfer(commandLine.options);
    case 'run':
      return lead(commandLine.options);
  }
}

/** Whoever reads may have read enough (`--help | head -1`); that nothing could be written at all is an error. */
function print(text: string): number {
  try {
    writeSync(1, text);
    return 0;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') return 0;
    write(`leader-run: Cannot write to stdout: ${message}\n`);
    return failedExitCode;
  }
}

async function lead(options: RunOptions): Promise<number> {
  const log = createLog(options.log, write, Date.now);
  for (const warning of options.warnings) log.warn(warning);
  const startContext = readStartContext(process.env);
  const terminal = findTerminal();
  const signals = receiveSignals(terminal.hasTerminal);
  const markers = createMarkers();
  const loaded = loadCluster({
    kubeconfig: options.kubeconfig,
    context: options.context,
    // Of what credential plugins leave behind, nothing belongs to the command.
    env: { ...environmentOf(startContext), [markers.helper]: '' },
    homeDirectory: homeDirectory(),
  });
  if (loaded.id === 'failed') return fail(log, loaded.message);
  const lease = leaseOf(options, loaded.cluster);
  if (lockIdsAround(process.env).includes(lease.lockId)) return fail(log, deadlockMessage(lease));

  const messages = createMessages({ ...options.settings, ...lease });
  const createCold = (onEvent: (event: CommandEvent) => void) =>
    createSupervisor({
      isWarm: options.warm !== null,
      command: options.command,
      notes: startContext,
      settingNames: envVarNames,
      hasTerminal: terminal.hasTerminal,
      lockId: lease.lockId,
      markers,
      onEvent,
      onWarning: (message) => backlog.add(() => log.warn(message)),
    });
  const createSupervisorOf = await supervisorsOf(options, lease, createCold);
  const outcome = await run(
    {
      ...options.settings,
      leaseName: lease.lockName,
      leaseNamespace: lease.namespace,
      stopSignal: options.stopSignal,
      isWarm: options.warm !== null,
      signals: { ...terminal, ignoredSignals: startContext.ignoredSignals },
    },
    {
      clock,
      api: connectLease({ ...lease, name: lease.lockName, userAgent }),
      createSupervisor: createSupervisorOf,
      listenToSignals: signals,
      suspend: suspendSelf,
      report: (report) => backlog.add(() => log.say(messages.ofReport(report))),
    },
  );
  backlog.flush();
  const line = messages.ofOutcome(outcome);
  if (line !== null) log.say(line);
  if (terminal.hasTerminal) leaveTerminal(outcome);
  return exitStatus(outcome, options);
}

/** Those of `--warm` start the command when they are ready. */
async function supervisorsOf(
  { warm, settings, stopSignal }: RunOptions,
  { namespace, lockName }: LeaseOfRun,
  create: (onEvent: (event: CommandEvent) => void) => PromotableSupervisor,
): Promise<(onEvent: (event: CommandEvent) => void) => Supervisor> {
  if (warm === null) return create;
  const { createWarmSupervisor } = await import('./command/warm-supervisor.ts');
  const environment = {
    LEADER_RUN_IDENTITY: settings.identity,
    LEADER_RUN_LOCK: `${namespace}/${lockName}`,
    LEADER_RUN_FD: String(promotionDescriptor),
  };
  const { promoteSignal } = warm;
  const { gracePeriodMs } = settings;
  return (onEvent) =>
    createWarmSupervisor({
      ...{ create, onEvent, environment, promoteSignal, stopSignal, gracePeriodMs },
      bootMs: bootNowMs,
    });
}

type LeaseOfRun = ReturnType<typeof leaseOf>;

/** Which Lease this run is about, and where. */
function leaseOf({ lockName, lockNamespace }: RunOptions, cluster: LeaseCluster) {
  const namespace = lockNamespace ?? cluster.namespace;
  const { origin: server, href } = cluster.server;
  const lockId = createLockId(`${href} ${namespace} ${lockName}`);
  return { cluster, namespace, lockName, server, context: cluster.context, lockId };
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

/** A user without a home, as containers with a number for a user have them, finds nothing there. */
function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** `leader-run transfer`. */
async function transfer(options: TransferOptions): Promise<number> {
  const log = createLog({ format: 'text', level: 'info', quiet: false }, write, Date.now);
  const env = environmentOf(readStartContext(process.env));
  const { kubeconfig, context, to, waitMs } = options;
  const loaded = loadCluster({ kubeconfig, context, env, homeDirectory: homeDirectory() });
  if (loaded.id === 'failed') return fail(log, loaded.message);
  const namespace = options.lockNamespace ?? loaded.cluster.namespace;
  const { transferLease } = await import('./operate/transfer.ts');
  const { transferLine } = await import('./cli/transfer-messages.ts');
  const api = connectLease({
    cluster: loaded.cluster,
    namespace,
    name: options.lockName,
    userAgent,
  });
  const by = `${process.env['USER'] ?? 'leader-run'}@${hostname()}`;
  const ports = { api, wallMs: Date.now, attemptTimeoutMs: 10_000 };
  const result = await transferLease({ to, by, waitMs }, ports);
  api.close();
  const { text, status } = transferLine(result, { namespace, name: options.lockName }, options);
  if (status === 0) return print(`${text}\n`);
  log.error(text);
  return status;
}

async function serveSandbox(options: SandboxOptions): Promise<number> {
  const { runSandbox } = await import('./sandbox/run.ts');
  return runSandbox({ ...options, write, env: environmentOf(readStartContext(process.env)) });
}

/** As leader-run was given it; node's own has lost what could steer node. */
function environmentOf({ environment }: StartContext): NodeJS.ProcessEnv {
  return Object.fromEntries(environment.map((entry) => splitVariable(entry.toString())));
}

function splitVariable(entry: string): [name: string, value: string] {
  const end = entry.indexOf('=');
  return [entry.slice(0, end), entry.slice(end + 1)];
}

function fail(log: Log, message: string): number {
  log.error(message);
  return failedExitCode;
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
