/** What the command line and the environment say, checked and complete. */
import type { ElectionSettings } from '../election/settings.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  readonly format: 'text' | 'json';
  readonly level: LogLevel;
  /** `-q`: "not acquired" is not said either. */
  readonly quiet: boolean;
}

/** What a cluster's operators see of the run; null: not asked for. */
export interface OperateFlags {
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
  readonly lockName: string;
  /** null: follows the credentials. */
  readonly lockNamespace: string | null;
  /** --kubeconfig; null: $KUBECONFIG, ~/.kube/config, in-cluster. */
  readonly kubeconfig: string | null;
  readonly context: string | null;
  readonly settings: ElectionSettings;
  /** What the command gets for TERM and on loss. */
  readonly stopSignal: NodeJS.Signals;
  readonly conflictExitCode: number;
  readonly lostExitCode: number;
  /** null: none of it was asked for. */
  readonly operate: OperateFlags | null;
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

/** Where the cluster of a sub-command is. */
interface ClusterChoice {
  readonly kubeconfig: string | null;
  readonly context: string | null;
}

export interface StatusOptions extends ClusterChoice {
  /** null: all Leases. */
  readonly lockName: string | null;
  /** `all`: each; null: that of the credentials. */
  readonly namespace: { readonly name: string } | 'all' | null;
  readonly output: 'table' | 'wide' | 'json';
  readonly isWatching: boolean;
}

/** The term that a command runs under, as its environment says. */
export interface CheckOptions extends ClusterChoice {
  readonly namespace: string;
  readonly lockName: string;
  readonly identity: string;
  readonly acquireTime: string;
}

export interface ManifestsOptions {
  readonly lockName: string;
  readonly namespace: string;
  readonly image: string;
  /** By the names of their variables. */
  readonly settings: Readonly<Record<string, string>>;
  /** Empty: that of the image. */
  readonly command: readonly string[];
  readonly gracePeriodMs: number;
  readonly lostExitCode: number;
  readonly httpPort: number | null;
  readonly hasEvents: boolean;
  readonly hasPodLabel: boolean;
  readonly hasFlowSchema: boolean;
  /** null: a Deployment, no CronJob. */
  readonly schedule: string | null;
}

export type CommandLine =
  | { readonly id: 'run'; readonly options: RunOptions }
  | { readonly id: 'sandbox'; readonly options: SandboxOptions }
  | { readonly id: 'status'; readonly options: StatusOptions }
  | { readonly id: 'check'; readonly options: CheckOptions }
  | { readonly id: 'manifests'; readonly options: ManifestsOptions }
  /** --help, --version: to stdout, exit 0. */
  | { readonly id: 'print'; readonly text: string }
  /** To the log as an error, exit 125. */
  | { readonly id: 'refused'; readonly message: string; readonly format: LogOptions['format'] };
