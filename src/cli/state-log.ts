/** What `-v` shows of the election: each change of its state, and when it acts next if nothing happens before. */
import type { Instant } from '../election/event.ts';
import type { State } from '../election/state.ts';
import { nextDeadlineMs } from '../election/step.ts';
import { humanDuration } from './durations.ts';
import type { Line } from './log.ts';

/** Observes the states of one candidacy, in their order, and hands over a line for each with another id than the one before. */
export function createStateLog(
  say: (line: Line) => void,
): (state: State, at: Pick<Instant, 'bootMs'>) => void {
  let shown: State['id'] | null = null;
  return (state, { bootMs }) => {
    if (state.id === shown) return;
    shown = state.id;
    const nextActionMs = Math.max(nextDeadlineMs(state) - bootMs, 0);
    say({
      level: 'debug',
      event: 'state',
      text:
        nextActionMs === Infinity
          ? `State ${state.id}, no next action`
          : `State ${state.id}, next action in ${humanDuration(nextActionMs)}`,
      facts: { state: state.id, nextActionMs },
    });
  };
}
