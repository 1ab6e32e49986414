/** What the command line and the environment say, checked and complete. */
import type { ElectionSettings } from '../election/settings.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  readonly format: 'text' | 'json';
  readonly level: LogLevel;
  /** `-q`: "not acquired" is not said either. */
  readonly quiet: boolean;
}

export interface RunOptions {
  readonly lockName: string;
  /** null: follows the credentials. */
  readonly lockNamespace: string | null;
  /** --kubeconfig; null: $KUBECONFIG, ~/.kube/config, in-cluster. */
  readonly kubeconfig: string | null;
  readonly context: string | null;
  readonly settings: ElectionSettings;
  /** What the command gets for TERM and on loss. */
  readonly stopSignal: NodeJS.Signals;
  /** The command starts at once, and is told when it leads: by a line, and by a signal if there is one. */
  readonly warm: { readonly promoteSignal: NodeJS.Signals | null } | null;
  readonly conflictExitCode: number;
  readonly lostExitCode: number;
  readonly doneExitCode: number;
  readonly log: LogOptions;
  /** Said once at start, at level warn (such as P > R/3). */
  readonly warnings: readonly string[];
  readonly command: readonly [string, ...string[]];
}

export interface SandboxOptions {
  /** 0: a free one. */
  readonly port: number;
  /** Where the kubeconfig is written; null: a temporary file, removed at the end. */
  readonly kubeconfig: string | null;
  /** null: serve until interrupted. */
  readonly command: readonly [string, ...string[]] | null;
}

export interface TransferOptions {
  readonly lockName: string;
  /** null: follows the credentials. */
  readonly lockNamespace: string | null;
  readonly kubeconfig: string | null;
  readonly context: string | null;
  /** An identity or a Pod; null: whoever comes first. */
  readonly to: string | null;
  readonly waitMs: number;
}

export type CommandLine =
  | { readonly id: 'run'; readonly options: RunOptions }
  | { readonly id: 'sandbox'; readonly options: SandboxOptions }
  | { readonly id: 'transfer'; readonly options: TransferOptions }
  /** --help, --version: to stdout, exit 0. */
  | { readonly id: 'print'; readonly text: string }
  /** To the log as an error, exit 125. */
  | { readonly id: 'refused'; readonly message: string; readonly format: LogOptions['format'] };
