/** What the command line and the environment say, checked and complete. */
import type { ElectionSettings } from '../election/settings.ts';
import type { FlagValues } from './flag.ts';
import type { runFlags } from './flags.ts';
import type { SubcommandLine } from './programs.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  readonly format: 'text' | 'json';
  readonly level: LogLevel;
}

export interface RunOptions {
  /** As given, or their defaults. What follows from several of them is below. */
  readonly flags: FlagValues<typeof runFlags>;
  readonly lockName: string;
  readonly settings: ElectionSettings;
  readonly log: LogOptions;
  /** Said once at start, at level warn (such as P > R/3). */
  readonly warnings: readonly string[];
  readonly command: readonly [string, ...string[]];
}

export type CommandLine =
  | { readonly id: 'run'; readonly options: RunOptions }
  | SubcommandLine
  /** --help, --version: to stdout, exit 0. */
  | { readonly id: 'print'; readonly text: string }
  /** To the log as an error, exit 125. */
  | { readonly id: 'refused'; readonly message: string; readonly format: LogOptions['format'] };
