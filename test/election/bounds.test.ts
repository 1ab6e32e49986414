/** What no story can tell: what cannot happen, what does not grow, and the sums that the README makes. */
import { describe, expect, it } from 'vitest';
import type { ElectionEvent } from '../../src/election/event.ts';
import { fingerprintOf, resourceVersionOf } from '../../src/election/record.ts';
import { roomForLossGraceMs } from '../../src/election/settings.ts';
import { initialStandby } from '../../src/election/beginning.ts';
import { InternalError, type State } from '../../src/election/state.ts';
import { nextDeadlineMs, step } from '../../src/election/step.ts';
import { candidate } from '../fixtures/candidate.ts';

function after(events: readonly ElectionEvent[], bootMs = 0, before?: State): State {
  return events.reduce<State>(
    (state, event) => step(state, event, { bootMs, wallMs: bootMs, random: 0 }).state,
    before ?? initialStandby(candidate, 0),
  );
}

/** What our first write creates at the instant 0. */
const stored = {
  metadata: { uid: 'u', resourceVersion: '1' },
  spec: {
    holderIdentity: candidate.identity,
    leaseDurationSeconds: candidate.leaseDurationMs / 1000,
    acquireTime: '1970-01-01T00:00:00.000000Z',
    renewTime: '1970-01-01T00:00:00.000000Z',
    leaseTransitions: 0,
  },
};
const won: readonly ElectionEvent[] = [
  { id: 'begin' },
  { id: 'answer', request: 1, answer: { id: 'not-found' } },
  { id: 'answer', request: 2, answer: { id: 'lease', lease: stored, serverTimeMs: null } },
];
const stopping: readonly ElectionEvent[] = [
  ...won,
  { id: 'command', event: { id: 'ready' } },
  { id: 'stop-requested', signal: 'SIGTERM', forwardAs: 'SIGTERM' },
];
const ended: ElectionEvent = {
  id: 'command',
  event: { id: 'ended', ending: { id: 'exited', code: 0 } },
};

describe('events of the command that cannot come are a bug and throw', () => {
  it.each<[string, readonly ElectionEvent[], ElectionEvent]>([
    [
      'started while standby',
      [{ id: 'begin' }],
      { id: 'command', event: { id: 'started', pid: 1 } },
    ],
    ['ended while leading with the command preparing', won, ended],
    ['lingering while leading', won, { id: 'command', event: { id: 'lingering', pids: [1] } }],
    ['gone while leading', won, { id: 'command', event: { id: 'gone' } }],
    ['ready while stepping-down', stopping, { id: 'command', event: { id: 'ready' } }],
  ])('%s', (message, before, event) => {
    const state = after(before);
    expect(() => after([event], 0, state)).toThrow(InternalError);
    expect(() => after([event], 0, state)).toThrow(message);
    expect(new InternalError(message).name).toBe('InternalError');
  });
});

describe('what is kept', () => {
  it('of attempts that may have landed is no more than 64, however long the API fails', () => {
    let state = after([{ id: 'begin' }, ...won.slice(1, 2)]);
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const { requestState } = state as Extract<State, { id: 'standby' }>;
      const request = requestState.id === 'idle' ? 0 : requestState.request;
      const failure = { reason: 'timeout', afterMs: 1 } as const;
      state = after([{ id: 'answer', request, answer: { id: 'failed', failure } }], 0, state);
      state = after([{ id: 'time', jump: null }], nextDeadlineMs(state), state);
    }
    const { unanswered } = state as Extract<State, { id: 'standby' }>;
    expect(unanswered).toHaveLength(64);
  });
});

describe('what is read', () => {
  it('of a Lease without a resourceVersion is the empty one', () => {
    expect(resourceVersionOf({})).toBe('');
  });

  it('of two records is the same whatever the order of their fields', () => {
    expect(fingerprintOf({ spec: { a: 1, b: 2 } })).toBe(fingerprintOf({ spec: { b: 2, a: 1 } }));
  });
});

describe('the room for the loss grace', () => {
  it('is what L less 1 % leaves beside R, the kill margin and a tick: 3.83 s of the defaults', () => {
    expect(roomForLossGraceMs(15_000, 10_000)).toBe(3_830);
  });
});
