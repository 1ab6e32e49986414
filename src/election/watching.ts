/**
 * The watch, as the core knows it: open or not, and when its last event came. It only informs.
 */
import type { WatchEvent } from './lease.ts';
import type { Candidate, State, WatchState } from './state.ts';
import type { Turn } from './turn.ts';

/** A quiet watch is closed by the API layer after this; the API server sends bookmarks about once a minute. */
const bookmarkSilenceMs = 90_000;

/** Opens the watch where it is closed, and reopens it where it has been silent although something happened. */
export function watchFrom(
  { watch, candidate }: { watch: WatchState; candidate: Candidate },
  resourceVersion: string | null,
  turn: Turn,
): WatchState {
  const isDead = watch.id === 'open' && turn.nowMs >= watch.lastEventAtMs + silenceMs(candidate);
  if (watch.id !== 'closed' && !isDead) return watch;
  if (isDead) turn.emit({ id: 'unwatch' });
  turn.emit({ id: 'watch', resourceVersion, silenceMs: bookmarkSilenceMs });
  return { id: 'down', isReported: false };
}

/** How long a watch of a lease that is renewed may be silent before it counts as dead, ms. */
function silenceMs({ retryPeriodMs, leaseDurationMs }: Candidate): number {
  return Math.max(2 * retryPeriodMs, leaseDurationMs / 2);
}

/** The state with what the event says of the watch itself. */
export function noteWatchEvent<S extends State>(state: S, event: WatchEvent, turn: Turn): S {
  switch (event.id) {
    case 'open':
    case 'changed':
    case 'deleted':
      if (state.watch.id === 'down' && state.watch.isReported) turn.report({ id: 'watching' });
      return { ...state, watch: { id: 'open', lastEventAtMs: turn.nowMs } };
    case 'down': {
      const { watch } = state;
      if (watch.id === 'open') turn.report({ id: 'polling', why: event.failure });
      const isReported = watch.id === 'open' || (watch.id === 'down' && watch.isReported);
      return { ...state, watch: { id: 'down', isReported } };
    }
    case 'forbidden':
      turn.report({ id: 'polling', why: 'forbidden' });
      return { ...state, watch: { id: 'down', isReported: true } };
  }
}
