/** `leader-run sandbox`: serves until it is interrupted, or as long as a command runs. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { startSandbox, type Sandbox } from './sandbox.ts';

export interface SandboxRun {
  readonly port: number;
  /** Where the kubeconfig is written; null: a temporary file, removed at the end. */
  readonly kubeconfig: string | null;
  /** null: serve until interrupted. */
  readonly command: readonly [string, ...string[]] | null;
  /** Writes to stderr: stdout is the command's alone. */
  readonly write: (text: string) => void;
  /** The command's environment, KUBECONFIG apart. */
  readonly env?: NodeJS.ProcessEnv;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const FAILED_EXIT_CODE = 125;
const NOT_EXECUTABLE_EXIT_CODE = 126;
const NOT_FOUND_EXIT_CODE = 127;
const SIGNAL_EXIT_BASE = 128;

/** Returns the exit status: the command's own, 128+n, 125 to 127, or 0 if it was to serve and was told to end. */
export async function runSandbox(run: SandboxRun): Promise<number> {
  const { port, kubeconfig: kubeconfigPath, command, write } = run;
  // First of all, so that no signal finds a file without somebody who removes it.
  const signals = receiveSignals();
  let sandbox: Sandbox;
  try {
    sandbox = await startSandbox({ port, kubeconfigPath });
  } catch (error) {
    signals.close();
    write(`leader-run: ${(error as Error).message}\n`);
    return FAILED_EXIT_CODE;
  }
  try {
    if (command !== null) return await runCommand(command, sandbox, run, signals);
    write(instructions(sandbox));
    await new Promise<void>((resolve) => signals.deliverTo(() => resolve()));
    return 0;
  } finally {
    await sandbox.close();
    signals.close();
  }
}

/** How to use it, in one block. */
function instructions({ url, kubeconfigPath }: Sandbox): string {
  return `leader-run: Sandbox serves a Lease API at ${url}, in memory, until Ctrl-C

  In as many other terminals as you like:

    export KUBECONFIG=${shellWord(kubeconfigPath)}
    leader-run --lock-name try-it -- sh -c 'echo I lead; exec sleep 60'

  And to look at it:

    kubectl get lease try-it --watch

`;
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

async function runCommand(
  [file, ...args]: readonly [string, ...string[]],
  { kubeconfigPath }: Sandbox,
  { write, env = process.env }: SandboxRun,
  signals: ReceivedSignals,
): Promise<number> {
  const child = spawn(file, args, {
    stdio: 'inherit',
    env: { ...env, KUBECONFIG: kubeconfigPath },
  });
  // The command is in our process group: what the terminal sends (INT, HUP), it has had.
  const had: readonly NodeJS.Signals[] = hasTerminal() ? ['SIGINT', 'SIGHUP'] : [];
  signals.deliverTo((signal) => {
    if (!had.includes(signal)) child.kill(signal);
  });
  return new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal === null ? (code ?? 0) : SIGNAL_EXIT_BASE + constants.signals[signal]);
    });
    child.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const why = code === 'ENOENT' ? 'there is no such command' : message;
      write(`leader-run: Cannot run ${JSON.stringify(file)}: ${why}\n`);
      resolve(code === 'ENOENT' ? NOT_FOUND_EXIT_CODE : NOT_EXECUTABLE_EXIT_CODE);
    });
  });
}

interface ReceivedSignals {
  /** Hands on those that came so far, and each as it comes. */
  deliverTo(receiver: (signal: NodeJS.Signals) => void): void;
  close(): void;
}

function receiveSignals(): ReceivedSignals {
  const early: NodeJS.Signals[] = [];
  let deliver = (signal: NodeJS.Signals): void => void early.push(signal);
  const listener = (signal: NodeJS.Signals): void => deliver(signal);
  for (const signal of SIGNALS) process.on(signal, listener);
  return {
    deliverTo: (receiver) => {
      deliver = receiver;
      early.forEach(receiver);
    },
    close: () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    },
  };
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
