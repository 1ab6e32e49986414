/** A state of each kind, and events and effects that belong to them. */
import type { SentRecord } from '../../src/election/record.ts';
import type { Effect } from '../../src/election/effect.ts';
import type { ElectionEvent } from '../../src/election/event.ts';
import type { Transition } from '../../src/election/invariants.ts';
import { nothingObserved } from '../../src/election/observed-lease.ts';
import { killDeadlineMs } from '../../src/election/settings.ts';
import { initialStandby } from '../../src/election/beginning.ts';
import type {
  Ended,
  Leading,
  Losing,
  Releasing,
  Standby,
  SteppingDown,
  Writing,
} from '../../src/election/state.ts';
import { candidate } from '../fixtures/candidate.ts';

export const sent: SentRecord = {
  holder: 'me',
  acquireTime: '2026-01-01T12:00:00.000000Z',
  renewTime: '2026-01-01T12:00:00.000000Z',
  transitions: 0,
  leaseDurationMs: 15_000,
  sentAtMs: 0,
  overVersion: null,
  overTerm: null,
};
export const lease = { metadata: { resourceVersion: '1' }, spec: { holderIdentity: 'me' } };
export const streak = { failures: 0, failure: null, rounds: 1, writableAtMs: -Infinity };
export const idle = { id: 'idle', nextAtMs: 2_000, ...streak } as const;
export const writing: Writing = {
  id: 'writing',
  request: 3,
  expiresAtMs: 9_000,
  sent: { ...sent, sentAtMs: 2_000, overVersion: '1' },
  ...streak,
};

export const leading: Leading = {
  id: 'leading',
  candidate,
  requests: 2,
  watch: { id: 'closed' },
  requestState: idle,
  command: { id: 'running', pid: 1 },
  tenure: {
    term: {
      fencingToken: '1',
      acquireTime: sent.acquireTime,
      runs: null,
      beganAtMs: 0,
      preferredAtWin: '',
    },
    confirmed: sent,
    lease,
    newestVersion: '1',
    unanswered: [],
    echoMs: 0,
    unheardVersion: null,
    olderEvent: null,
    observed: nothingObserved,
  },
};
export const renewing: Leading = { ...leading, requestState: writing };
export const steppingDown: SteppingDown = {
  ...leading,
  id: 'stepping-down',
  command: { id: 'running', pid: 1 },
  cause: { id: 'own-end' },
  stopAtMs: 1_000,
  killAtMs: 5_000,
  pendingStop: null,
};
export const losing: Losing = {
  id: 'losing',
  candidate,
  requests: 2,
  watch: { id: 'closed' },
  tenure: leading.tenure,
  command: { id: 'running', pid: 1 },
  loss: { id: 'deposed', holder: 'other' },
  stopAtMs: 3_000,
  killAtMs: 4_000,
  outcome: null,
  wasStopped: true,
};
export const releasing: Releasing = {
  id: 'releasing',
  candidate,
  requests: 2,
  watch: { id: 'closed' },
  requestState: idle,
  written: [sent],
  newestVersion: '1',
  observed: nothingObserved,
  wasOlderSeen: false,
  released: [],
  lease,
  transitions: 0,
  remembering: null,
  deadlineMs: 8_000,
  mode: 'after-term',
  handsTo: null,
  headStartMs: 50,
  outcome: { id: 'lost' },
};
export const ended: Ended = {
  id: 'ended',
  candidate,
  requests: 2,
  watch: { id: 'closed' },
  outcome: { id: 'lost' },
};
export const standby = initialStandby(candidate, 0);
export const acquiring: Standby = { ...standby, requestState: writing };

export const time: ElectionEvent = { id: 'time', jump: null };
export const answer: Extract<ElectionEvent, { id: 'answer' }> = {
  id: 'answer',
  request: 3,
  answer: { id: 'conflict' },
};
export const gone: ElectionEvent = { id: 'command', event: { id: 'gone' } };

export function send(request: number, holderIdentity: string, resourceVersion = '1'): Effect {
  const body = { metadata: { resourceVersion }, spec: { holderIdentity } };
  return { id: 'send', request, body: { id: 'update', body }, timeoutMs: 1 };
}
export const get: Extract<Effect, { id: 'send' }> = {
  id: 'send',
  request: 3,
  body: { id: 'get' },
  timeoutMs: 1,
};
export const term = { fencingToken: '1', leaseTransitions: 0, acquireTime: sent.acquireTime };
export const startCommand: Extract<Effect, { id: 'start-command' }> = {
  id: 'start-command',
  term,
  notAfterMs: candidate.renewDeadlineMs,
  killAtMs: killDeadlineMs(candidate, 0),
};
export const extendGuard: Extract<Effect, { id: 'extend-guard' }> = {
  id: 'extend-guard',
  killAtMs: killDeadlineMs(candidate, 0),
};

export function withConfirmed<S extends Leading | Losing>(state: S, confirmed: typeof sent): S {
  return { ...state, tenure: { ...state.tenure, confirmed } };
}

export const usual: Transition = {
  before: leading,
  event: time,
  after: leading,
  effects: [],
  nowMs: 3_000,
};
export const renewed = withConfirmed(leading, writing.sent);
