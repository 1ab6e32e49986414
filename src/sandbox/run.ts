/** `leader-run sandbox`: serves until it is interrupted, or as long as a command runs. */
import { type ReceivedSignals, receiveSignals } from '../process/receive-signals.ts';
import { hasControllingTerminal } from '../process/signals.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';

export interface SandboxRun {
  readonly port: number;
  /** Where the kubeconfig is written; null: a temporary file, removed at the end. */
  readonly kubeconfig: string | null;
  /** Starts the command; null: serve until interrupted. */
  readonly startCommand: ((kubeconfigPath: string) => StartedCommand) | null;
  /** Writes to stderr: stdout is the command's alone. */
  readonly write: (text: string) => void;
}

export interface StartedCommand {
  signal(signal: NodeJS.Signals): void;
  /** Its exit status. */
  readonly ended: Promise<number>;
}

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const failedExitCode = 125;

/** Returns the exit status: the command's, 125, or 0 if it was to serve and a signal ended it. */
export async function runSandbox(run: SandboxRun): Promise<number> {
  const { port, kubeconfig: kubeconfigPath, startCommand, write } = run;
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
    if (startCommand !== null) return await follow(startCommand(sandbox.kubeconfigPath), signals);
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

function follow(command: StartedCommand, signals: ReceivedSignals): Promise<number> {
  // The command is in our process group: what the terminal sends (INT, HUP), it has had.
  const had: readonly NodeJS.Signals[] = hasControllingTerminal() ? ['SIGINT', 'SIGHUP'] : [];
  signals.deliverTo((signal) => {
    if (!had.includes(signal)) command.signal(signal);
  });
  return command.ended;
}

function listen(onSignal: (signal: NodeJS.Signals) => void): { close(): void } {
  for (const signal of endingSignals) process.on(signal, onSignal);
  return {
    close: () => {
      for (const signal of endingSignals) process.off(signal, onSignal);
    },
  };
}
