/** The signal that asks the command to stop: `TERM`, `SIGTERM` or `15`. */
import { constants } from 'node:os';
import type { Parsed } from './parsers.ts';

/** The system's default for these is to stop a process or to let it go on: they do not ask it to end. */
const suspending: readonly string[] = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGCONT'];

/** Those that programs give a meaning to as a way to ask them something. */
export const stopSignals: readonly string[] = ['TERM', 'INT', 'HUP', 'QUIT', 'USR1', 'USR2'];

/** Reads a signal by name or number. */
export function parseStopSignal(text: string): Parsed<NodeJS.Signals> {
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  const upper = text.toUpperCase();
  const name = names.find(
    (one) => one === upper || one === `SIG${upper}` || String(constants.signals[one]) === text,
  );
  if (name === undefined) return { ok: false, why: 'unknown signal (examples: TERM, SIGTERM, 15)' };
  if (suspending.includes(name)) return { ok: false, why: `${name} does not ask a process to end` };
  if (name === 'SIGKILL') {
    return {
      ok: false,
      why: 'it leaves the command no time to stop: to kill it at once use --grace-period 0',
    };
  }
  return { ok: true, value: name };
}
