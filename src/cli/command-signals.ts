/** The signals that ask the command to stop, and tell it that it leads: `TERM`, `SIGTERM` or `15`. */
import { constants } from 'node:os';
import type { Parsed } from './parsers.ts';

/** The system's default for these is to stop a process or to let it go on: they do not ask it to end. */
const suspending: readonly string[] = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGCONT'];

/** Those that programs give a meaning to as a way to ask them something. */
export const stopSignals: readonly string[] = ['TERM', 'INT', 'HUP', 'QUIT', 'USR1', 'USR2'];

/** Reads a signal by name or number. */
function parseSignal(text: string): Parsed<NodeJS.Signals> {
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  const upper = text.toUpperCase();
  const name = names.find(
    (one) => one === upper || one === `SIG${upper}` || String(constants.signals[one]) === text,
  );
  if (name === undefined) return { ok: false, why: 'unknown signal (examples: TERM, SIGTERM, 15)' };
  return { ok: true, value: name };
}

/** The one that asks the command to stop. */
export function parseStopSignal(text: string): Parsed<NodeJS.Signals> {
  const parsed = parseSignal(text);
  if (!parsed.ok) return parsed;
  if (suspending.includes(parsed.value))
    return { ok: false, why: `${parsed.value} does not ask a process to end` };
  if (parsed.value === 'SIGKILL') {
    return {
      ok: false,
      why: 'it leaves the command no time to stop: to kill it at once use --grace-period 0',
    };
  }
  return parsed;
}

/** The one that tells a warm command that it leads: one for which it can have a handler. */
export function parsePromoteSignal(text: string): Parsed<NodeJS.Signals> {
  const parsed = parseSignal(text);
  if (!parsed.ok || !['SIGKILL', ...suspending].includes(parsed.value)) return parsed;
  return { ok: false, why: `${parsed.value} tells a process nothing: use one like USR1` };
}
