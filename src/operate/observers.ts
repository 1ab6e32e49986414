/**
 * What a cluster's operators see of a run, put together as the flags ask for it. Loaded only if there is such a flag.
 *
 * Everything here watches the driver's states and decides nothing in the election. Nothing here is waited for on the way to a
 * hand-over but the removal of the Pod's label, by the election's own clock.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '../election/event.ts';
import type { State } from '../election/state.ts';
import type { LeaseApi } from '../lease/api.ts';
import { CommandHealth } from './command-health.ts';
import type { OperateContext } from './context.ts';
import { countRequests } from './counted-api.ts';
import { Events } from './events.ts';
import { startHttpServer, type HttpServer, type ListenAddress } from './http-server.ts';
import { Measurements } from './measurements.ts';
import { PodLabel } from './pod-label.ts';
import type { PodNote } from './pod-note.ts';
import { Probes } from './probes.ts';

/** What was asked for; null: not. */
export interface OperateOptions {
  readonly http: ListenAddress | null;
  readonly commandHealth: { readonly url: URL; readonly startTimeoutMs: number } | null;
  readonly hasEvents: boolean;
  readonly podLabel: PodNote | null;
}

export interface Observers {
  /** What the election is to use in place of `api`. */
  readonly observeApi: (api: LeaseApi) => LeaseApi;
  readonly onState: (state: State, at: Instant) => void;
  readonly onGuardReplaced: () => void;
  /** Takes off what says that this Pod leads; resolves within about a second. */
  readonly withdrawLabel: () => Promise<void>;
  /** Ends all; what is being sent has 2 s. */
  readonly close: () => Promise<void>;
}

/** For what is still being sent when the lease is released. */
const lastRequestsMs = 2_000;

export type ObserversResult =
  | { readonly id: 'started'; readonly observers: Observers }
  | { readonly id: 'failed'; readonly message: string };

export async function startObservers(
  options: OperateOptions,
  context: OperateContext,
): Promise<ObserversResult> {
  const { commandHealth, hasEvents, podLabel, http } = options;
  const events = hasEvents ? new Events(context) : null;
  const label = podLabel === null ? null : new PodLabel(context, podLabel, commandHealth !== null);
  const health =
    commandHealth === null
      ? null
      : new CommandHealth({ ...commandHealth, bootMs: context.bootMs }, () => label?.set());
  const measurements = http === null ? null : new Measurements();
  const probes = measurements === null ? null : createProbes(measurements, health, context);
  let server: HttpServer | null = null;
  if (http !== null && probes !== null) {
    try {
      server = await startHttpServer(http, routesOf(probes));
    } catch (error) {
      const where = `${http.host ?? ''}:${http.port}`;
      const message = `Cannot serve on ${where}: ${(error as Error).message}: choose another address for --http`;
      return { id: 'failed', message };
    }
  }
  const observers: Observers = {
    observeApi: (api) => {
      const counted = measurements === null ? api : countRequests(api, measurements);
      return label === null ? counted : label.annotate(counted);
    },
    onState: withoutHarm(context.warn, [
      (state, at) => measurements?.onState(state, at),
      (state, at) => {
        const hasChangedHands = probes?.onState(state, at);
        if (hasChangedHands === true) server?.send(JSON.stringify(probes?.sidecarObject()));
      },
      (state, at) => health?.onState(state, at),
      (state) => label?.onState(state),
      (state, at) => events?.onState(state, at),
    ]),
    onGuardReplaced: () => measurements?.guardReplacements.add(),
    withdrawLabel: () => label?.remove() ?? Promise.resolve(),
    close: async () => {
      health?.close();
      const sent = Promise.all([label?.close(), events?.close()]);
      await Promise.race([sent, sleep(lastRequestsMs)]);
      server?.close();
    },
  };
  return { id: 'started', observers };
}

type OnState = Observers['onState'];

/** A mistake in one of them must not end the command: it is said, and that one watches no more. */
function withoutHarm(warn: (message: string) => void, watching: readonly OnState[]): OnState {
  const alive = new Set(watching);
  return (state, at) => {
    for (const watch of alive) {
      try {
        watch(state, at);
      } catch (error) {
        alive.delete(watch);
        warn(`Cannot go on observing this run: ${(error as Error).message}: please report it`);
      }
    }
  };
}

function createProbes(
  measurements: Measurements,
  health: CommandHealth | null,
  context: OperateContext,
): Probes {
  const lock = `${context.lock.namespace}/${context.lock.name}`;
  return new Probes({
    ...context,
    lock,
    health,
    metrics: async () => {
      const { metricsText } = await context.loadMetrics();
      return metricsText(measurements, { ...context, lock });
    },
  });
}

function routesOf(probes: Probes) {
  return {
    answer: (path: string, query: URLSearchParams) => probes.answer(path, query),
    streamPath: '/events',
    firstEvent: () => JSON.stringify(probes.sidecarObject()),
  };
}
