/** The log: one line an event, as text or JSON, on stderr alone: stdout is the command's. */
import type { LogLevel, LogOptions } from './options.ts';
import { oneLine } from './text.ts';

/** One thing to say. */
export interface Line {
  readonly level: LogLevel;
  /** A fixed name; what varies is in `facts`. */
  readonly event: string;
  /** A sentence without its period. */
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface Log {
  say(line: Line): void;
  /** A line without facts. */
  warn(text: string): void;
  error(text: string): void;
}

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A log that hands each line that is to be seen to `write`, line break included. `wallMs` is Unix time. */
export function createLog(
  options: LogOptions,
  write: (line: string) => void,
  wallMs: () => number,
): Log {
  const say = (line: Line): void => {
    if (rank[line.level] < rank[options.level]) return;
    write(options.format === 'json' ? jsonLine(line, wallMs()) : textLine(line.text));
  };
  return {
    say,
    warn: (text) => say({ level: 'warn', event: 'warning', text, facts: {} }),
    error: (text) => say({ level: 'error', event: 'failed', text, facts: {} }),
  };
}

/** No time in it: containers and journals add their own, and in a terminal it is noise. */
function textLine(text: string): string {
  return `leader-run: ${oneLine(text)}\n`;
}

function jsonLine({ level, event, text, facts }: Line, wallMs: number): string {
  const time = new Date(wallMs).toISOString();
  const whole = { time, level, event, message: oneLine(text), ...facts };
  return `${JSON.stringify(whole, forMachines)}\n`;
}

/** JSON has no infinity; it is written as the flags write it. Of milliseconds nobody wants a fraction. */
function forMachines(name: string, value: unknown): unknown {
  if (value === Infinity) return 'infinity';
  return typeof value === 'number' && name.endsWith('Ms') ? Math.round(value) : value;
}
