/**
 * The composition root: the real clock, API server and processes around the driver, and the exit status.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { realClock } from './process/clock.ts';
import { type Markers, createLockId, createMarkers, lockIdsAround } from './command/markers.ts';
import { environmentOf, readStartContext } from './process/start-context.ts';
import { argumentBytes, openablePath } from './process/byte-paths.ts';
import { homeDirectory } from './process/home-directory.ts';
import { leaveTerminal } from './process/leave-terminal.ts';
import { receiveSignals } from './process/receive-signals.ts';
import { findTerminal, listenToSignals } from './process/signals.ts';
import { suspendSelf } from './process/suspend.ts';
import { tuneV8Later } from './process/tune-v8.ts';
import { startPlainCommand } from './command/plain-command.ts';
import { createSupervisor } from './command/command-supervisor.ts';
import { commandProblem } from './command/gate/gate-plan.ts';
import { createDeferredLog } from './cli/deferred-log.ts';
import { commandExitCode, exitStatus, failedExitCode } from './cli/exit-status.ts';
import { envVarNames } from './cli/flags.ts';
import { type Log, createLog } from './cli/log.ts';
import { createMessages } from './cli/messages.ts';
import type { CommandLine, RunOptions } from './cli/options.ts';
import { parseCommandLine } from './cli/parse.ts';
import { print } from './cli/print.ts';
import { createStateLog } from './cli/state-log.ts';
import { openStderr } from './cli/stderr.ts';
import { type LeaseCluster, loadCluster } from './lease/cluster.ts';
import type { CommandEvent } from './election/event.ts';
import type { Outcome } from './election/report.ts';
import { connectLease } from './lease/connection.ts';
import type { OnNotice } from './lease/notice.ts';
import { run } from './run.ts';

declare const LEADER_RUN_VERSION: string;

const userAgent = `leader-run/${LEADER_RUN_VERSION}`;

tuneV8Later();
const write = openStderr();
const backlog = createDeferredLog();
process.on('exit', () => backlog.flush());

async function main(): Promise<number> {
  const commandLine = parseCommandLine(process.argv.slice(2), process.env, {
    hostname: hostname(),
    uuid: randomUUID(),
    version: LEADER_RUN_VERSION,
  });
  switch (commandLine.id) {
    case 'print':
      return print(commandLine.text, write);
    case 'refused': {
      const options = { format: commandLine.format, level: 'info' } as const;
      return fail(createLog(options, write, Date.now), commandLine.message);
    }
    case 'sandbox':
      return serveSandbox(commandLine);
    case 'run':
      return lead(commandLine.options);
  }
}

async function lead(options: RunOptions): Promise<number> {
  const log = createLog(options.log, write, Date.now);
  for (const warning of options.warnings) log.warn(warning);
  const startContext = readStartContext(process.env);
  const command = { command: options.command, startContext, settingNames: envVarNames };
  const notRunnable = commandProblem(command);
  if (notRunnable !== null) return fail(log, notRunnable.message, notRunnable.exitCode);
  const terminal = findTerminal();
  const signals = receiveSignals((onSignal) => listenToSignals(terminal.hasTerminal, onSignal));
  const markers = createMarkers();
  const loaded = loadClusterOf(options.flags, {
    environment: environmentOf(startContext),
    markers,
    onNotice: (notice) => backlog.add(() => log.say(notice)),
  });
  if (loaded.id === 'failed') return fail(log, loaded.message);
  const lease = leaseOf(options, loaded.cluster);
  if (lockIdsAround(process.env).includes(lease.lockId)) return fail(log, deadlockMessage(lease));

  const messages = createMessages({ ...options.settings, ...lease });
  const createSupervisorOf = (onEvent: (event: CommandEvent) => void) =>
    createSupervisor({
      ...command,
      hasTerminal: terminal.hasTerminal,
      lockId: lease.lockId,
      markers,
      onEvent,
      onWarning: (message) => backlog.add(() => log.warn(message)),
    });
  const outcome = await run(
    {
      ...options.settings,
      leaseName: lease.lockName,
      leaseNamespace: lease.namespace,
      stopSignal: options.flags.signal,
      signals: { ...terminal, ignoredSignals: startContext.ignoredSignals },
    },
    {
      clock: realClock,
      api: connectLease({ ...lease, name: lease.lockName, userAgent }),
      createSupervisor: createSupervisorOf,
      listenToSignals: (onSignal) => {
        signals.deliverTo(onSignal);
        return signals;
      },
      suspend: suspendSelf,
      report: (report) => {
        backlog.add(() => log.say(messages.ofReport(report)));
        // The command starts next, and its first line is to come after ours.
        if (report.id === 'acquired') backlog.flush();
      },
      onState: createStateLog((line) => backlog.add(() => log.say(line))),
    },
  );
  backlog.flush();
  const line = messages.ofOutcome(whole(outcome, loaded.cluster.credentials.activity()));
  if (line !== null) log.say(line);
  if (terminal.hasTerminal) leaveTerminal(outcome);
  return exitStatus(outcome, options.flags);
}

function loadClusterOf(
  { kubeconfig, context }: RunOptions['flags'],
  {
    environment,
    markers,
    onNotice,
  }: { environment: NodeJS.ProcessEnv; markers: Markers; onNotice: OnNotice },
) {
  return loadCluster({
    kubeconfig: kubeconfig === null ? null : openablePath(argumentBytes(kubeconfig)),
    context,
    // Of what credential plugins leave behind, nothing belongs to the command.
    env: { ...environment, [markers.helper]: '' },
    homeDirectory: environment['HOME'] || homeDirectory(),
    onNotice,
  });
}

/** An API server that was not asked is not to blame for a wait that is over. */
function whole(outcome: Outcome, awaited: string | null): Outcome {
  const isTimeout = outcome.id === 'failed' && outcome.why.reason === 'timeout';
  if (!isTimeout || awaited === null) return outcome;
  return { ...outcome, why: { reason: 'awaiting-credentials', message: awaited } };
}

type LeaseOfRun = ReturnType<typeof leaseOf>;

/** Which Lease this run is about, and where. */
function leaseOf({ lockName, flags }: RunOptions, cluster: LeaseCluster) {
  const namespace = flags.lockNamespace ?? cluster.namespace;
  const { origin: server, href } = cluster.server;
  const lockId = createLockId(`${href} ${namespace} ${lockName}`);
  return { cluster, namespace, lockName, server, context: cluster.context, lockId };
}

function deadlockMessage({ namespace, lockName, server }: LeaseOfRun): string {
  return `Cannot wait for lease "${namespace}/${lockName}" at ${server}: this process runs inside a leader-run that holds it. Choose another --lock-name`;
}

async function serveSandbox({
  flags: { port, kubeconfig },
  words,
}: CommandLine & { id: 'sandbox' }): Promise<number> {
  const { runSandbox } = await import('./sandbox/run.ts');
  const log = createLog({ format: 'text', level: 'info' }, write, Date.now);
  const startContext = readStartContext(process.env);
  const options = { command: words, startContext, settingNames: [] };
  const notRunnable = words.length === 0 ? null : commandProblem(options);
  if (notRunnable !== null) return fail(log, notRunnable.message, notRunnable.exitCode);
  const startCommand = (path: string) => {
    const command = startPlainCommand(options, { KUBECONFIG: path });
    const ended = command.ended.then((ending) =>
      ending.id === 'failed'
        ? fail(log, `Cannot start the command: ${ending.message}`)
        : commandExitCode(ending),
    );
    return { ...command, ended };
  };
  return runSandbox({
    ...{ port, kubeconfig, write },
    startCommand: words.length === 0 ? null : startCommand,
  });
}

function fail(log: Log, message: string, exitCode: number = failedExitCode): number {
  log.error(message);
  return exitCode;
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
