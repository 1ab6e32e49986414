/** The exit statuses of leader-run (README, Exit status). */
import { constants } from 'node:os';
import type { Ending } from '../election/event.ts';
import type { Outcome } from '../election/report.ts';

/** leader-run itself failed: usage, kubeconfig, RBAC … */
export const failedExitCode = 125;

/** What a shell reports for a process that a signal ended: 128+n. */
function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** The command's own, or 128+n. */
export function commandExitCode(ending: Ending): number {
  return ending.id === 'exited' ? ending.code : signalExitCode(ending.signal);
}

/** The exit status of an outcome; the numbers are --conflict-exit-code, --lost-exit-code and --done-exit-code. */
export function exitStatus(
  outcome: Outcome,
  codes: {
    readonly conflictExitCode: number;
    readonly lostExitCode: number;
    readonly doneExitCode: number;
  },
): number {
  switch (outcome.id) {
    case 'command':
      return commandExitCode(outcome.ending);
    case 'lost':
      return codes.lostExitCode;
    case 'not-acquired':
      return codes.conflictExitCode;
    case 'done':
      return codes.doneExitCode;
    case 'interrupted':
      return signalExitCode(outcome.signal);
    case 'failed':
      return failedExitCode;
  }
}
