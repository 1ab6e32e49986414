/**
 * One watch request, from its sending to its end. It tells what it reads and why it ended, and re-opens nothing.
 */
import type { IncomingMessage } from 'node:http';
import type { Failure } from '../election/lease.ts';
import { failureOfReply } from './answer.ts';
import type { Credentials } from './credentials.ts';
import {
  bodyLimitBytes,
  failureOf,
  readReply,
  startRequest,
  unsendable,
  type Endpoint,
} from './http.ts';
import { LineSplitter } from './lines.ts';
import { readWatchEvent, type WatchFrame } from './watch-frame.ts';

export interface WatchStreamOptions {
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  readonly path: string;
  readonly name: string;
  /** Longest time without a byte once it is open. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** The server took the watch. */
  readonly onOpen: () => void;
  readonly onEvent: (event: Extract<WatchFrame, { resourceVersion: string }>) => void;
}

export type StreamEnd =
  /** It had been open: ended by the server, or broken. */
  | { readonly id: 'ended' }
  /** It had been open and said nothing for too long. */
  | { readonly id: 'silent' }
  | { readonly id: 'expired' }
  | { readonly id: 'failed'; readonly failure: Failure };

/** The server answers a watch at once, also when there is nothing to tell. */
const openTimeoutMs = 10_000;

/** A watch that tells more than this within {@link floodWindowMs} is read no faster: its events have to be parsed and classified, beside renewals. */
const mostEventsInWindow = 20;
const floodWindowMs = 100;

/** Opens a watch and reads it to its end. Never rejects. */
export function readWatchStream(options: WatchStreamOptions): Promise<StreamEnd> {
  return new Promise((resolve) => {
    const { endpoint, credentials, path, silenceMs, signal } = options;
    const ending = new AbortController();
    let isOpen = false;
    let isOver = false;
    const over = (end: StreamEnd): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(silence);
      throttle?.close();
      signal.removeEventListener('abort', close);
      resolve(end);
    };
    /** Ends it from our side, which closes the connection. */
    const cut = (end: StreamEnd): void => {
      over(end);
      ending.abort();
    };
    const close = (): void => cut({ id: 'ended' });
    signal.addEventListener('abort', close);
    const afterMs = Math.min(silenceMs, openTimeoutMs);
    let throttle: Throttle | undefined;
    let silence = setTimeout(() => cut(failed({ reason: 'timeout', afterMs })), afterMs);

    const read = (response: IncomingMessage): void => {
      isOpen = true;
      clearTimeout(silence);
      silence = setTimeout(() => cut({ id: 'silent' }), silenceMs);
      options.onOpen();
      const lines = new LineSplitter(bodyLimitBytes);
      throttle = throttleOf(response);
      const onEvent: WatchStreamOptions['onEvent'] = (event) => {
        throttle?.count();
        options.onEvent(event);
      };
      response
        .on('data', (chunk: Buffer) => {
          silence.refresh();
          const end = readChunk(lines, chunk, { ...options, onEvent });
          if (end !== null) return cut(end);
          throttle?.pauseIfFlooded();
        })
        .on('end', () => over({ id: 'ended' }))
        .on('error', () => over({ id: 'ended' }));
    };
    try {
      const call = { method: 'GET', path, body: null } as const;
      startRequest(endpoint, call, credentials, 'watch', ending.signal)
        .on('response', (response) => {
          if (response.statusCode === 200) read(response);
          else void readRefusal(response).then(over);
        })
        .on('error', (error) => over(isOpen ? { id: 'ended' } : failed(failureOf(error))));
    } catch (error) {
      over(failed(unsendable(error)));
    }
  });
}

type Throttle = ReturnType<typeof throttleOf>;

/** Pauses a response that brings too many events. The rest waits at the server, which ends a watch that lags too far behind. */
function throttleOf(response: IncomingMessage) {
  let windowEndMs = 0;
  let events = 0;
  let resumption: NodeJS.Timeout | undefined;
  return {
    count: (): void => {
      const nowMs = performance.now();
      if (nowMs >= windowEndMs) [windowEndMs, events] = [nowMs + floodWindowMs, 0];
      events += 1;
    },
    pauseIfFlooded: (): void => {
      if (events <= mostEventsInWindow) return;
      response.pause();
      resumption = setTimeout(
        () => response.resume(),
        Math.max(windowEndMs - performance.now(), 0),
      );
    },
    close: (): void => clearTimeout(resumption),
  };
}

/** Hands on the events of a chunk; how the stream ends if one of them ends it. */
function readChunk(
  lines: LineSplitter,
  chunk: Buffer,
  { name, onEvent }: WatchStreamOptions,
): StreamEnd | null {
  const complete = lines.push(chunk);
  for (const line of complete ?? []) {
    if (line.trim() === '') continue;
    const event = readWatchEvent(line, name);
    switch (event.id) {
      case 'changed':
      case 'deleted':
      case 'bookmark':
        onEvent(event);
        break;
      case 'ignored':
        break;
      case 'expired':
        return { id: 'expired' };
      case 'malformed':
        return failed({ reason: 'malformed', message: event.message });
      case 'error': {
        const { status, message } = event;
        return failed({ reason: 'status', status, message, retryAfterMs: null });
      }
    }
  }
  if (complete !== null) return null;
  const message = `a watch event is longer than ${bodyLimitBytes} bytes`;
  return failed({ reason: 'malformed', message });
}

async function readRefusal(response: IncomingMessage): Promise<StreamEnd> {
  const reply = await readReply(response);
  if (reply.id === 'failed') return reply;
  return reply.status === 410 ? { id: 'expired' } : failed(failureOfReply(reply));
}

function failed(failure: Failure): StreamEnd {
  return { id: 'failed', failure };
}
