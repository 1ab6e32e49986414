/** What the observers know of the run that they watch, and how they speak. */
import type { Failure } from '../election/lease.ts';
import type { State } from '../election/state.ts';
import type { ApiClient } from '../lease/client.ts';

export interface OperateContext {
  readonly lock: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  readonly version: string;
  readonly api: ApiClient;
  /** Loads `metrics.ts`, with the library in it. */
  readonly loadMetrics: () => Promise<typeof import('./metrics.ts')>;
  readonly bootMs: () => number;
  /** When the election wants its next step at the latest (boot clock). */
  readonly nextDeadlineMs: (state: State) => number;
  /** Why a request failed, and what to grant if it was forbidden. */
  readonly describe: (failure: Failure, namespace: string, rights: string) => string;
  readonly warn: (message: string) => void;
}
