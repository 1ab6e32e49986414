/**
 * A watch: what is there (or the history since a resourceVersion), then every change as it happens, then bookmarks.
 *
 * It ends with the client, at its timeout, or when the client does not read: nothing of it stays behind.
 */
import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../json.ts';
import type { ReadOptions } from './options.ts';
import type { Selector } from './selectors.ts';
import { expired } from './status.ts';
import { withRevision, type Lease, type LeaseEvent, type LeaseStore } from './store.ts';

/** The real server's, unless the client names its own. */
const defaultTimeoutSeconds = 1_800;
const bookmarkIntervalMs = 60_000;
/** The last bookmark comes so long before the end, for the client to resume from. */
const bookmarkBeforeEndMs = 2_000;
/** setTimeout takes no more. */
const maxTimerMs = 2 ** 31 - 1;
/** A client that is so far behind is cut off. */
const maxUnreadBytes = 4 * 1024 * 1024;

export interface Watch {
  readonly store: LeaseStore;
  readonly matches: Selector;
  readonly options: ReadOptions;
  /** How an object is shown: itself, or a Table. */
  readonly render: (object: Lease) => JsonObject;
  readonly response: ServerResponse;
}

/** Streams the events into `response`, whose head it writes. */
export function streamWatch(watch: Watch): void {
  const { store, options, response } = watch;
  response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
  response.flushHeaders();
  const timeoutMs = (options.timeoutSeconds ?? defaultTimeoutSeconds) * 1000;
  if (timeoutMs <= 0) {
    response.end();
    return;
  }
  const asked = options.resourceVersion ?? 0n;
  const startsWithState = options.sendInitialEvents ?? asked === 0n;
  if (startsWithState) sendState(watch);
  else {
    const missed = store.eventsAfter(Number(asked));
    if (missed === null) {
      send(response, 'ERROR', expired(`resourceVersion ${asked} is too old`).body);
      response.end();
      return;
    }
    for (const event of missed) sendEvent(watch, event);
  }
  follow(watch, timeoutMs, startsWithState ? 0n : asked);
}

/** `after`: changes up to this revision are none of the client's; it may lie in the future. */
function follow(watch: Watch, timeoutMs: number, after: bigint): void {
  const { store, options, response } = watch;
  const unsubscribe = store.subscribe((event) => {
    if (event.revision > after) sendEvent(watch, event);
  });
  const bookmark = (): void => {
    if (options.hasBookmarks && store.revision >= after) sendBookmark(watch, {});
  };
  const timers = [
    setTimeout(() => response.end(), Math.min(timeoutMs, maxTimerMs)),
    setInterval(bookmark, bookmarkIntervalMs),
  ];
  if (timeoutMs > bookmarkBeforeEndMs) {
    timers.push(setTimeout(bookmark, Math.min(timeoutMs - bookmarkBeforeEndMs, maxTimerMs)));
  }
  response.once('close', () => {
    unsubscribe();
    timers.forEach(clearTimeout);
  });
}

function sendState(watch: Watch): void {
  const { store, options, matches, render, response } = watch;
  for (const object of store.list().filter(matches)) send(response, 'ADDED', render(object));
  if (options.hasBookmarks) sendBookmark(watch, { 'k8s.io/initial-events-end': 'true' });
}

function sendBookmark({ store, response }: Watch, annotations: JsonObject): void {
  const hasAnnotations = Object.keys(annotations).length > 0;
  send(response, 'BOOKMARK', {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    metadata: {
      resourceVersion: String(store.revision),
      ...(hasAnnotations ? { annotations } : {}),
    },
    spec: {},
  });
}

/** An object that comes to match is added, and one that no longer does is deleted, whatever happened to it. */
function sendEvent({ matches, render, response }: Watch, event: LeaseEvent): void {
  const { object, previous, revision } = event;
  const isIn = event.type !== 'DELETED' && matches(object);
  const wasIn = previous !== null && matches(previous);
  if (isIn) send(response, wasIn ? 'MODIFIED' : 'ADDED', render(object));
  else if (wasIn) send(response, 'DELETED', render(withRevision(previous, revision)));
}

function send(response: ServerResponse, type: string, object: JsonObject | string): void {
  if (response.writableEnded || response.destroyed) return;
  response.write(`${JSON.stringify({ type, object })}\n`);
  if (response.writableLength > maxUnreadBytes) response.destroy();
}
