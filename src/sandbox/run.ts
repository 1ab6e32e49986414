/** `leader-run sandbox`: serves until it is interrupted, or as long as a command runs. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { type ReceivedSignals, receiveSignals } from '../process/receive-signals.ts';
import { hasControllingTerminal } from '../process/signals.ts';
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

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const failedExitCode = 125;
const notExecutableExitCode = 126;
const notFoundExitCode = 127;
const signalExitBase = 128;

/** Returns the exit status: the command's own, 128+n, 125 to 127, or 0 if it was to serve and a signal ended it. */
export async function runSandbox(run: SandboxRun): Promise<number> {
  const { port, kubeconfig: kubeconfigPath, command, write } = run;
  // First of all, so that no signal finds a file that would stay.
  const signals = receiveSignals(listen);
  let sandbox: Sandbox;
  try {
    sandbox = await startSandbox({ port, kubeconfigPath });
  } catch (error) {
    signals.close();
    write(`leader-run: ${(error as Error).message}\n`);
    return failedExitCode;
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

  And to watch it:

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
  const had: readonly NodeJS.Signals[] = hasControllingTerminal() ? ['SIGINT', 'SIGHUP'] : [];
  signals.deliverTo((signal) => {
    if (!had.includes(signal)) child.kill(signal);
  });
  return new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal === null ? (code ?? 0) : signalExitBase + constants.signals[signal]);
    });
    child.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const why = code === 'ENOENT' ? 'there is no such command' : message;
      write(`leader-run: Cannot run ${JSON.stringify(file)}: ${why}\n`);
      resolve(code === 'ENOENT' ? notFoundExitCode : notExecutableExitCode);
    });
  });
}

function listen(onSignal: (signal: NodeJS.Signals) => void): { close(): void } {
  for (const signal of endingSignals) process.on(signal, onSignal);
  return {
    close: () => {
      for (const signal of endingSignals) process.off(signal, onSignal);
    },
  };
}
