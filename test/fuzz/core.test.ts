/** The core, told anything by the API server at any time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ElectionEvent } from '../../src/election/event.ts';
import type { Answer, Failure, RawLease, WatchEvent } from '../../src/election/lease.ts';
import { readRecord } from '../../src/election/record.ts';
import { initialStandby } from '../../src/election/beginning.ts';
import type { State } from '../../src/election/state.ts';
import { nextDeadlineMs, step } from '../../src/election/step.ts';
import { candidate } from '../fixtures/candidate.ts';
import { anyLease as anyJsonLease, holds } from './runs.ts';

type Said =
  | { readonly id: 'pass'; readonly ms: number }
  | { readonly id: 'answer'; readonly answer: Answer }
  | { readonly id: 'watch'; readonly event: WatchEvent };

const failure: fc.Arbitrary<Failure> = fc.constantFrom<Failure[]>(
  { reason: 'timeout', afterMs: 2_667 },
  { reason: 'network', code: 'ECONNRESET', message: '' },
  { reason: 'unauthorized', message: '' },
  { reason: 'status', status: 503, message: '', retryAfterMs: 1e9 },
  { reason: 'malformed', message: '' },
);

/** As the API layer lets one in: with a resourceVersion. */
function anyLease(): fc.Arbitrary<RawLease> {
  return fc.tuple(anyJsonLease() as fc.Arbitrary<RawLease>, fc.nat(40)).map(([lease, version]) => ({
    ...lease,
    metadata: { ...(lease['metadata'] as object), resourceVersion: String(version) },
  }));
}

const answer: fc.Arbitrary<Answer> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      id: fc.constant('lease' as const),
      lease: anyLease(),
      serverTimeMs: fc.constantFrom(null, Date.UTC(2026, 0, 1, 12)),
    }),
  },
  fc.constantFrom<Answer[]>({ id: 'conflict' }, { id: 'not-found' }),
  failure.map((reason): Answer => ({ id: 'failed', failure: reason })),
);

const watchEvent: fc.Arbitrary<WatchEvent> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ id: fc.constantFrom('changed', 'deleted'), lease: anyLease() }),
  },
  fc.constant<WatchEvent>({ id: 'open' }),
  failure.map((reason): WatchEvent => ({ id: 'down', failure: reason })),
);

const said: fc.Arbitrary<Said> = fc.oneof(
  fc.constantFrom(0, 100, 3_000, 15_000).map((ms): Said => ({ id: 'pass', ms })),
  { weight: 3, arbitrary: answer.map((told): Said => ({ id: 'answer', answer: told })) },
  { weight: 2, arbitrary: watchEvent.map((event): Said => ({ id: 'watch', event })) },
);

/** Plays what was said; `onSend` hears of each request with the state after the turn. */
function play(
  script: readonly Said[],
  onSend: (after: State, body: RawLease | null, nowMs: number) => void,
): State {
  let state: State = initialStandby(candidate, 0);
  let nowMs = 0;
  let request = 0;
  const take = (event: ElectionEvent) => {
    const at = { bootMs: nowMs, wallMs: Date.UTC(2026, 0, 1, 12) + nowMs, random: 0.5 };
    const { state: after, effects } = step(state, event, at);
    state = after;
    for (const effect of effects) {
      if (effect.id !== 'send') continue;
      request = effect.request;
      onSend(after, effect.body.id === 'update' ? effect.body.body : null, nowMs);
    }
  };
  take({ id: 'begin' });
  for (const what of script) {
    if (what.id === 'answer') take({ id: 'answer', request, answer: what.answer });
    else if (what.id === 'watch') take(what);
    else {
      const untilMs = nowMs + what.ms;
      let turns = 0;
      for (let dueMs = nextDeadlineMs(state); dueMs <= untilMs; dueMs = nextDeadlineMs(state)) {
        nowMs = Math.max(nowMs, dueMs);
        take({ id: 'time', jump: null });
        turns += 1;
        expect(turns, 'turns until nothing is due any more').toBeLessThan(1_000);
      }
      nowMs = untilMs;
    }
  }
  return state;
}

test('whatever the API server says, nothing is thrown and there is always something to wait for', () => {
  holds(
    fc.property(fc.array(said, { maxLength: 30 }), (script) => {
      const state = play(script, () => undefined);
      expect(state.id === 'ended' || nextDeadlineMs(state) < Infinity).toBe(true);
    }),
  );
});

test('whatever anybody wrote, a standby writes over a holder only after its own L and the one of the record', () => {
  holds(
    fc.property(fc.array(said, { maxLength: 30 }), (script) => {
      play(script, (after, body, nowMs) => {
        if (after.id !== 'standby' || body === null) return;
        const { current } = after.observed;
        if (current.id !== 'present' || current.record.holder === '') return;
        const own = readRecord(current.lease);
        const waitMs = Math.max(candidate.leaseDurationMs, own.leaseDurationMs ?? 0);
        expect(nowMs - current.sinceMs).toBeGreaterThanOrEqual(waitMs);
      });
    }),
  );
});
