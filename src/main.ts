/**
 * The composition root: the real clock, API server and processes around the driver, and the exit status.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { realClock } from './process/clock.ts';
import { createLockId, createMarkers, lockIdsAround } from './command/markers.ts';
import { environmentOf, readStartContext } from './process/start-context.ts';
import { leaveTerminal } from './process/leave-terminal.ts';
import { receiveSignals } from './process/receive-signals.ts';
import { findTerminal, listenToSignals } from './process/signals.ts';
import { suspendSelf } from './process/suspend.ts';
import { tuneV8Later } from './process/tune-v8.ts';
import { startPlainCommand } from './command/plain-command.ts';
import { CommandSupervisor } from './command/command-supervisor.ts';
import type { SupervisorOptions } from './command/supervisor-options.ts';
import type { PromotableSupervisor } from './command/warm-supervisor.ts';
import { candidateEnvironmentOf } from './command/term-environment.ts';
import { promotionDescriptor } from './command/gate/gate.ts';
import { commandProblem } from './command/gate/gate-plan.ts';
import { createDeferredLog } from './cli/deferred-log.ts';
import { commandExitCode, exitStatus, failedExitCode } from './cli/exit-status.ts';
import { failureClause } from './cli/failures.ts';
import { envVarNames } from './cli/flags.ts';
import { type Log, createLog } from './cli/log.ts';
import { type Messages, createMessages } from './cli/messages.ts';
import type { CommandLine, LogOptions, OperateOptions, RunOptions } from './cli/options.ts';
import { parseCommandLine } from './cli/parse.ts';
import { print } from './cli/print.ts';
import { completion } from './completing.ts';
import { createStateLog } from './cli/state-log.ts';
import { openStderr } from './cli/stderr.ts';
import type { LeaseCluster } from './lease/cluster.ts';
import type { CommandEvent } from './election/event.ts';
import { nextDeadlineMs } from './election/step.ts';
import { createApiClient } from './lease/client.ts';
import { connectLease } from './lease/connection.ts';
import { check, printManifests, showStatus, transfer } from './look.ts';
import type { Observers } from './operate/observers.ts';
import type { Ports } from './ports.ts';
import { run } from './run.ts';
import { fail, findCluster, userAgent, version } from './surroundings.ts';

tuneV8Later();
const write = openStderr();
const backlog = createDeferredLog();
process.on('exit', () => backlog.flush());

async function main(): Promise<number> {
  const commandLine = parseCommandLine(process.argv.slice(2), process.env, {
    hostname: hostname(),
    uuid: randomUUID(),
    version,
  });
  switch (commandLine.id) {
    case 'print':
      return print(commandLine.text, write) === 'failed' ? failedExitCode : 0;
    case 'refused':
      return fail(plainLog(commandLine.format), commandLine.message);
    case 'status':
      return showStatus(commandLine, { log: plainLog(), write });
    case 'check':
      return check(commandLine, { log: plainLog(), write });
    case 'transfer':
      return transfer(commandLine, { log: plainLog(), write });
    case 'manifests':
      return printManifests(commandLine, { log: plainLog(), write });
    case 'completion':
      return completion(commandLine.words, { log: plainLog(), write });
    case 'sandbox':
      return serveSandbox(commandLine);
    case 'run':
      return lead(commandLine.options);
  }
}

/** Of what is no run: in text, unless a run's flags ask for JSON. */
function plainLog(format: LogOptions['format'] = 'text'): Log {
  return createLog({ format, level: 'info' }, write, Date.now);
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
  // Marks credential plugins and their children as helpers: they are not the command's.
  const env = { ...environmentOf(startContext), [markers.helper]: '' };
  const loaded = findCluster(options.flags, env, (notice) => backlog.add(() => log.say(notice)));
  if (loaded.id === 'failed') return fail(log, loaded.message);
  const lease = leaseOf(options, loaded.cluster);
  if (lockIdsAround(process.env).includes(lease.lockId)) return fail(log, deadlockMessage(lease));

  const messages = createMessages({ ...options.settings, ...lease });
  const warn = (message: string) => backlog.add(() => log.warn(message));
  const { operate } = options;
  const isWarm = options.flags.warm;
  const observed = operate === null ? null : await observe(operate, options, lease, warn);
  if (observed?.id === 'failed') return fail(log, observed.message);
  const observers = observed?.observers ?? null;
  const api = connectLease({ ...lease, name: lease.lockName, userAgent });
  const { hasTerminal } = terminal;
  const supervised = { ...command, hasTerminal, lockId: lease.lockId, markers, isWarm };
  const create = supervisorMaker(supervised, warn, observers);
  const outcome = await run(
    {
      ...options.settings,
      leaseName: lease.lockName,
      leaseNamespace: lease.namespace,
      stopSignal: options.flags.signal,
      isWarm,
      signals: { ...terminal, ignoredSignals: startContext.ignoredSignals },
      hasPodLabel: operate !== null && operate.podLabel !== null,
    },
    {
      clock: realClock,
      api: observers?.observeApi(api) ?? api,
      awaited: () => loaded.cluster.credentials.activity(),
      createSupervisor: await warmSupervisors(options, lease, create),
      listenToSignals: (onSignal) => {
        signals.deliverTo(onSignal);
        return signals;
      },
      suspend: suspendSelf,
      ...watchersOf(log, messages, observers),
    },
  );
  backlog.flush();
  // What is still being sent has 2 s. The lease is released already.
  await observers?.close();
  const line = messages.ofOutcome(outcome);
  if (line !== null) log.say(line);
  if (terminal.hasTerminal) leaveTerminal(outcome);
  return exitStatus(outcome, options.flags);
}

/** What is told to a person, and to the cluster's operators. */
function watchersOf(
  log: Log,
  messages: Messages,
  observers: Observers | null,
): Pick<Ports, 'report' | 'withdrawLabel' | 'onState'> {
  const stateLog = createStateLog((line) => backlog.add(() => log.say(line)));
  return {
    report: (report) => {
      backlog.add(() => log.say(messages.ofReport(report)));
      // The command starts next, and its first line is to come after ours.
      if (report.id === 'acquired') backlog.flush();
    },
    withdrawLabel: () => observers?.withdrawLabel() ?? Promise.resolve(),
    onState: (state, at) => {
      stateLog(state, at);
      observers?.onState(state, at);
    },
  };
}

function supervisorMaker(
  options: Omit<SupervisorOptions, 'onEvent' | 'onWarning'>,
  warn: (message: string) => void,
  observers: Observers | null,
) {
  return (onEvent: (event: CommandEvent) => void) =>
    new CommandSupervisor({
      ...options,
      onEvent,
      onWarning: (message, about) => {
        warn(message);
        if (about === 'guard') observers?.onGuardReplaced();
      },
    });
}

/** Those of `--warm` start the command when they are ready. */
async function warmSupervisors(
  { settings, flags }: RunOptions,
  { namespace, lockName }: LeaseOfRun,
  create: (onEvent: (event: CommandEvent) => void) => PromotableSupervisor,
): Promise<Ports['createSupervisor']> {
  if (!flags.warm) return create;
  const { WarmSupervisor } = await import('./command/warm-supervisor.ts');
  const candidate = { ...settings, leaseName: lockName, leaseNamespace: namespace };
  const environment = {
    ...candidateEnvironmentOf(candidate),
    LEADER_RUN_FD: String(promotionDescriptor),
  };
  const { promoteSignal, signal: stopSignal } = flags;
  const { gracePeriodMs, renewDeadlineMs } = settings;
  const terms = { environment, promoteSignal, stopSignal, gracePeriodMs, renewDeadlineMs };
  return (onEvent) => new WarmSupervisor({ ...terms, create, onEvent, clock: realClock });
}

type LeaseOfRun = ReturnType<typeof leaseOf>;

/** Which Lease this run is about, and where. */
function leaseOf({ lockName, flags }: RunOptions, cluster: LeaseCluster) {
  const namespace = flags.lockNamespace ?? cluster.namespace;
  const { origin: server, href } = cluster.server;
  const lockId = createLockId(`${href} ${namespace} ${lockName}`);
  return { cluster, namespace, lockName, server, context: cluster.context, lockId };
}

/** Starts what the cluster's operators see of the run. */
async function observe(
  operate: OperateOptions,
  { settings }: RunOptions,
  { cluster, namespace, lockName: name }: LeaseOfRun,
  warn: (message: string) => void,
) {
  const { startObservers } = await import('./operate/observers.ts');
  const { podLabel } = operate;
  const pod = podLabel && { ...podLabel, namespace: podLabel.namespace ?? cluster.namespace };
  return startObservers(
    { ...operate, podLabel: pod },
    {
      lock: { namespace, name },
      identity: settings.identity,
      version,
      api: createApiClient(cluster, userAgent),
      loadMetrics: () => import('./operate/metrics.ts'),
      bootMs: () => realClock.bootMs(),
      nextDeadlineMs,
      describe: failureClause,
      warn,
    },
  );
}

function deadlockMessage({ namespace, lockName, server }: LeaseOfRun): string {
  return `Cannot wait for lease "${namespace}/${lockName}" at ${server}: this process runs inside a leader-run that holds it. Choose another --lock-name`;
}

async function serveSandbox({
  flags: { port, kubeconfig },
  words,
}: CommandLine & { id: 'sandbox' }): Promise<number> {
  const { runSandbox } = await import('./sandbox/run.ts');
  const log = plainLog();
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

/** The tree goes with us: the supervisor kills it when this process exits. */
function crash(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  backlog.flush();
  write(`leader-run: Internal error, please report it: ${text}\n`);
  process.exit(failedExitCode);
}

process.on('uncaughtException', crash);
main().then((status) => process.exit(status), crash);
