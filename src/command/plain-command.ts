/** A command that needs no lease: started as faithfully as one that does, and not guarded. For `leader-run sandbox`. */
import type { Ending } from '../election/event.ts';
import { systemShell } from '../process/start-context.ts';
import { Gate } from './gate/gate.ts';
import { type CommandOptions, createGatePlan } from './gate/gate-plan.ts';

export interface PlainCommand {
  /** Sends a signal to the command; one that comes before it runs is sent then. */
  signal(signal: NodeJS.Signals): void;
  /** How it ended, or why it could not be started. */
  readonly ended: Promise<Ending | { readonly id: 'failed'; readonly message: string }>;
}

/** Starts it with more variables than leader-run has. */
export function startPlainCommand(
  options: CommandOptions,
  environment: Readonly<Record<string, string>>,
): PlainCommand {
  const shell = options.startContext.shell ?? systemShell;
  let resolve: (how: Awaited<PlainCommand['ended']>) => void = doNothing;
  const ended: PlainCommand['ended'] = new Promise((resolved) => (resolve = resolved));
  const early: NodeJS.Signals[] = [];
  let isStarted = false;
  const gate = new Gate({
    shell,
    plan: createGatePlan(shell, null, options),
    // What the terminal sends has to reach it.
    hasOwnGroup: false,
    events: {
      onWaiting: () => {
        gate.go({ environment, notAfterMs: Infinity, killAtMs: Infinity });
      },
      onLost: doNothing,
      onFailed: (message) => resolve({ id: 'failed', message }),
      onStarted: () => {
        isStarted = true;
        early.forEach((signal) => gate.signal(signal));
      },
      onTooLate: doNothing,
      onEnded: (ending) => resolve(ending),
      onCancelled: doNothing,
    },
  });
  gate.prepare();
  return {
    signal: (signal) => {
      if (isStarted) gate.signal(signal);
      else early.push(signal);
    },
    ended,
  };
}

function doNothing(): void {
  // There is no deadline, nothing is cancelled, and a lost gate is replaced.
}
