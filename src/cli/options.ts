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

/** What a cluster's operators see of the run; null: not asked for. */
export interface OperateOptions {
  /** `host` null: any address. */
  readonly http: { readonly host: string | null; readonly port: number } | null;
  /** `startTimeoutMs` may be `Infinity`. */
  readonly commandHealth: { readonly url: URL; readonly startTimeoutMs: number } | null;
  readonly hasEvents: boolean;
  /** The label and the Pod that gets it, by its environment. */
  readonly podLabel: {
    readonly label: string;
    readonly name: string;
    readonly namespace: string | null;
    readonly uid: string | null;
  } | null;
}

export interface RunOptions {
  /** As given, or their defaults. What follows from several of them is below. */
  readonly flags: FlagValues<typeof runFlags>;
  readonly lockName: string;
  readonly settings: ElectionSettings;
  /** null: none of it was asked for. */
  readonly operate: OperateOptions | null;
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
