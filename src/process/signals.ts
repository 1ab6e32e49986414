/**
 * What a signal sent to leader-run means.
 *
 *                         | command does not run     | runs, no terminal    | runs, terminal
 *     TERM                | end                      | stop (--signal)      | stop (--signal)
 *     INT                 | end                      | stop, passed on      | the terminal's affair
 *     QUIT                | end                      | passed on            | the terminal's affair
 *     HUP                 | end if there is a terminal | passed on          | passed on if we alone got it from the terminal
 *     TSTP                | be stopped               | passed on            | be stopped if the command is (suspend.ts)
 *     WINCH, INFO         | nothing                  | passed on            | the terminal's affair
 *     CONT                | nothing                  | passed on            | passed on unless it continues us (suspend.ts)
 *     TTIN, TTOU          | nothing                  | passed on            | default action: see below
 *     all others          | nothing                  | passed on            | passed on
 *
 * The terminal sends to the whole foreground group, which leader-run and the command share, so passing that on would
 * deliver it twice. Node does not tell who sent a signal: a `kill -INT` of leader-run by hand is taken for Ctrl-C where
 * there is a terminal. `kill -TERM` always works.
 *
 * While leader-run stops the command for a reason of its own, what the terminal tells the command to end it is for both: else
 * leader-run would start it again (`--on-lost rejoin`).
 *
 * Left alone, and why:
 * - KILL and STOP cannot be caught; the guard deals with them.
 * - ILL, TRAP, BUS, FPE, SEGV and SYS: with a listener a real fault would be repeated for ever. They end leader-run, and
 *   the guard ends the command.
 * - CHLD and PIPE tell of our own children and writes; Node does what is needed.
 * - XFSZ and XCPU tell of our own limits: that of the log's file, and the time of this process. The command has its own, which
 *   are counted again. They do nothing here (own-signals.ts): what cannot be written is dropped.
 * - TTIN and TTOU where there is a terminal: a write to it from the background is repeated for as long as TTOU is caught.
 * - Real-time signals: Node has no listeners for them. They end leader-run, and the guard ends the command.
 */
import { closeSync, constants as open, openSync } from 'node:fs';
import { constants } from 'node:os';
import { readProcess } from './process-table.ts';

/** What is known of our surroundings when a signal arrives. */
export interface SignalContext {
  /** `/dev/tty` opens, see {@link findTerminal}. */
  readonly hasTerminal: boolean;
  /** From "go" until the command itself has ended, stopping included; a warm command from when it is there. */
  readonly commandRuns: boolean;
  /** leader-run has begun to stop it. */
  readonly isStopping?: boolean;
  /** The terminal tells no process but us, or our init, that it has hung up, see {@link findTerminal}; absent: no. */
  readonly receivesHangUpAlone?: boolean;
  /** Ignored when leader-run was started (nohup), so that they ask nothing of us; the command may think otherwise. */
  readonly ignoredSignals?: readonly NodeJS.Signals[];
}

export type SignalMeaning =
  /**
   * Begin the voluntary stop; a command that runs gets `forwardAs` for it, or the stop signal of the settings for TERM. null: it had it
   * from the terminal.
   */
  | { readonly id: 'stop'; readonly forwardAs: NodeJS.Signals | null }
  /** Send it on to the command. */
  | { readonly id: 'forward' }
  /** Be stopped, as by Ctrl-Z: `suspendSelf()`. */
  | { readonly id: 'suspend' }
  | { readonly id: 'ignore' };

/** Other names of ABRT, IO and SYS: listeners for both names would hear it twice. */
const aliases = ['SIGIOT', 'SIGPOLL', 'SIGUNUSED'] as const;

const leftAlone: ReadonlySet<string> = new Set([
  ...['SIGKILL', 'SIGSTOP'],
  ...['SIGILL', 'SIGTRAP', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGSYS'],
  ...['SIGCHLD', 'SIGPIPE', 'SIGXFSZ', 'SIGXCPU'],
  ...aliases,
]);

const backgroundSignals: ReadonlySet<string> = new Set(['SIGTTIN', 'SIGTTOU']);

const fromTerminal: ReadonlySet<string> = new Set([
  ...['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGWINCH', 'SIGINFO'],
  ...backgroundSignals,
]);

/** End a leader-run whose command does not run, or is being stopped. */
const terminatingSignals: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT']);

/** Every signal that leader-run listens to. */
export function caughtSignals(hasTerminal: boolean): NodeJS.Signals[] {
  return (Object.keys(constants.signals) as NodeJS.Signals[]).filter(
    (signal) => !leftAlone.has(signal) && !(hasTerminal && backgroundSignals.has(signal)),
  );
}

/** The table above, for one of {@link caughtSignals}. */
export function meaningOf(signal: NodeJS.Signals, context: SignalContext): SignalMeaning {
  return context.commandRuns ? whileRunning(signal, context) : whileNotRunning(signal, context);
}

function whileNotRunning(signal: NodeJS.Signals, context: SignalContext): SignalMeaning {
  if (context.ignoredSignals?.includes(signal)) return { id: 'ignore' };
  if (signal === 'SIGTSTP') return { id: 'suspend' };
  const ends = terminatingSignals.has(signal) || (signal === 'SIGHUP' && context.hasTerminal);
  return ends ? { id: 'stop', forwardAs: signal } : { id: 'ignore' };
}

function whileRunning(signal: NodeJS.Signals, context: SignalContext): SignalMeaning {
  const { hasTerminal, isStopping = false, receivesHangUpAlone = false } = context;
  const isHangUp = hasTerminal && signal === 'SIGHUP';
  // The command has it from the terminal, too.
  const isShared = (hasTerminal && fromTerminal.has(signal)) || (isHangUp && !receivesHangUpAlone);
  const asksForEnd = isShared
    ? isStopping && terminatingSignals.has(signal)
    : signal === 'SIGTERM' || signal === 'SIGINT';
  const isIgnored = context.ignoredSignals?.includes(signal) === true;
  if (!isIgnored && (asksForEnd || (isHangUp && isStopping)))
    return { id: 'stop', forwardAs: isShared ? null : signal };
  return { id: isShared ? 'ignore' : 'forward' };
}

/** Listens to all of {@link caughtSignals} until closed. Until it is called, TERM ends leader-run by its default action. */
export function listenToSignals(
  hasTerminal: boolean,
  onSignal: (signal: NodeJS.Signals) => void,
): { close(): void } {
  const signals = caughtSignals(hasTerminal);
  // signal-exit listens by these names too, and ends a process that has no other listener.
  const names = aliases.filter((name) => name in constants.signals && name !== 'SIGUNUSED');
  for (const signal of signals) process.on(signal, onSignal);
  for (const name of names) process.on(name, doNothing);
  return {
    close: () => {
      for (const signal of signals) process.off(signal, onSignal);
      for (const name of names) process.off(name, doNothing);
    },
  };
}

function doNothing(): void {
  // The signal has been heard by its other name.
}

/** Whether leader-run has a controlling terminal, and whether it has to tell the command of a hang-up. */
export function findTerminal(): Pick<SignalContext, 'hasTerminal' | 'receivesHangUpAlone'> {
  const hasTerminal = hasControllingTerminal();
  return { hasTerminal, receivesHangUpAlone: hasTerminal && isToldOfHangUpAlone() };
}

/** Whether `/dev/tty` opens, be stdin, stdout and stderr what they may. */
export function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', open.O_RDWR | open.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}

/**
 * A hang-up goes to the leader of the session only. An interactive shell passes it on to the groups of its jobs; we do if
 * we are that leader (`ssh -t host leader-run …`), or if it is an init, which tells its child alone.
 */
function isToldOfHangUpAlone(): boolean {
  const session = readProcess(process.pid)?.session;
  return session === process.pid || session === 1;
}
