/** The log: one line an event, as text or JSON, on stderr alone: stdout is the command's. */
import type { LogLevel, LogOptions } from './options.ts';
import { oneLine } from './text.ts';

/** `unsuccessful`: as a warning, but `-q` takes it for neither a warning nor an error (`--try` as cron runs it). */
export type LineLevel = LogLevel | 'unsuccessful';

/** One thing to say. */
export interface Line {
  readonly level: LineLevel;
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
    const level = line.level === 'unsuccessful' ? 'warn' : line.level;
    if (rank[level] < rank[options.level]) return;
    if (options.quiet && line.level === 'unsuccessful') return;
    write(options.format === 'json' ? jsonLine(line, level, wallMs()) : textLine(line.text));
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

/** JSON has no infinity; it is written as the flags write it. */
function jsonLine({ event, text, facts }: Line, level: LogLevel, wallMs: number): string {
  const time = new Date(wallMs).toISOString();
  const whole = { time, level, event, message: oneLine(text), ...facts };
  return `${JSON.stringify(whole, (_, value: unknown) => (value === Infinity ? 'infinity' : value))}\n`;
}
