/** The end of a leader-run that has a terminal, as the shell and the next program in that terminal see it. */
import { closeSync } from 'node:fs';
import type { Outcome } from '../election/report.ts';

/**
 * The last thing before `process.exit`, where there is a terminal.
 *
 * Node would put the modes of the terminal back to what they were when it started, and so undo what the command did
 * (`stty`); if the terminal has hung up meanwhile, it aborts for that (status 134). It leaves alone what is closed.
 */
export function leaveTerminal(outcome: Outcome): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      closeSync(descriptor);
    } catch {
      // It was closed from the start.
    }
  }
  if (wasInterrupted(outcome)) endByInterrupt();
}

function wasInterrupted(outcome: Outcome): boolean {
  if (outcome.id === 'interrupted') return outcome.signal === 'SIGINT';
  return (
    outcome.id === 'command' &&
    outcome.ending.id === 'signalled' &&
    outcome.ending.signal === 'SIGINT'
  );
}

/**
 * Ctrl-C ends a loop of the shell only if the command in it was ended by SIGINT; one that exits with 130 has, to the
 * shell, dealt with it. As PID 1 the signal does nothing and the status has to do.
 */
function endByInterrupt(): void {
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}
