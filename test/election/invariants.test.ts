/** What a bug would break is noticed, for each invariant: states and effects that no step gives. */
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/election/effect.ts';
import type { ElectionEvent } from '../../src/election/event.ts';
import { type Transition, checkStep } from '../../src/election/invariants.ts';
import { nothingObserved } from '../../src/election/observed-lease.ts';
import { killDeadlineMs } from '../../src/election/settings.ts';
import { initialStandby } from '../../src/election/beginning.ts';
import {
  type Ended,
  InternalError,
  type Leading,
  type Losing,
  type Releasing,
  type Standby,
  type SteppingDown,
  type Writing,
} from '../../src/election/state.ts';
import { candidate } from '../fixtures/candidate.ts';

const sent = {
  holder: 'me',
  acquireTime: '2026-01-01T12:00:00.000000Z',
  renewTime: '2026-01-01T12:00:00.000000Z',
  transitions: 0,
  leaseDurationMs: 15_000,
  sentAtMs: 0,
};
const lease = { metadata: { resourceVersion: '1' }, spec: { holderIdentity: 'me' } };
const streak = { failures: 0, failure: null, rounds: 1, writableAtMs: -Infinity };
const idle = { id: 'idle', nextAtMs: 2_000, ...streak } as const;
const writing: Writing = {
  id: 'writing',
  request: 3,
  expiresAtMs: 9_000,
  sent: { ...sent, sentAtMs: 2_000 },
  over: lease,
  ...streak,
};

const leading: Leading = {
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
    older: null,
    observed: nothingObserved,
  },
};
const renewing: Leading = { ...leading, requestState: writing };
const steppingDown: SteppingDown = {
  ...leading,
  id: 'stepping-down',
  command: { id: 'running', pid: 1 },
  cause: { id: 'own-end' },
  stopAtMs: 1_000,
  killAtMs: 5_000,
  pendingStop: null,
};
const losing: Losing = {
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
const releasing: Releasing = {
  id: 'releasing',
  candidate,
  requests: 2,
  watch: { id: 'closed' },
  requestState: idle,
  written: [sent],
  newestVersion: '1',
  observed: nothingObserved,
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
const ended: Ended = {
  id: 'ended',
  candidate,
  requests: 2,
  watch: { id: 'closed' },
  outcome: { id: 'lost' },
};
const standby = initialStandby(candidate, 0);
const acquiring: Standby = { ...standby, requestState: writing };

const time: ElectionEvent = { id: 'time', jump: null };
const answer: ElectionEvent = { id: 'answer', request: 3, answer: { id: 'conflict' } };
const gone: ElectionEvent = { id: 'command', event: { id: 'gone' } };

function send(request: number, holderIdentity: string, resourceVersion = '1'): Effect {
  const body = { metadata: { resourceVersion }, spec: { holderIdentity } };
  return { id: 'send', request, body: { id: 'update', body }, timeoutMs: 1 };
}
const get: Effect = { id: 'send', request: 3, body: { id: 'get' }, timeoutMs: 1 };
const term = { fencingToken: '1', leaseTransitions: 0, acquireTime: sent.acquireTime };
const startCommand: Effect = {
  id: 'start-command',
  term,
  notAfterMs: candidate.renewDeadlineMs,
  killAtMs: killDeadlineMs(candidate, 0),
};
const extendGuard: Effect = { id: 'extend-guard', killAtMs: killDeadlineMs(candidate, 0) };

function withConfirmed<S extends Leading | Losing>(state: S, confirmed: typeof sent): S {
  return { ...state, tenure: { ...state.tenure, confirmed } };
}

const usual: Transition = {
  before: leading,
  event: time,
  after: leading,
  effects: [],
  nowMs: 3_000,
};
const renewed = withConfirmed(leading, writing.sent);

describe('a step that keeps to the guarantees passes', () => {
  it.each<[string, Partial<Transition>]>([
    ['nothing happens', {}],
    ['a renewal is sent', { after: renewing, effects: [send(3, 'me')] }],
    ['its answer is waited for', { before: renewing, after: renewing }],
    ['it is confirmed', { before: renewing, event: answer, after: renewed }],
    [
      'one that was given up has landed',
      {
        before: { ...leading, tenure: { ...leading.tenure, unanswered: [writing.sent] } },
        after: renewed,
      },
    ],
    [
      'a candidate wins',
      { before: acquiring, event: answer, after: { ...renewed, command: { id: 'ready' } } },
    ],
    [
      'a candidate wins by an attempt that it had given up',
      {
        before: { ...standby, unanswered: [writing.sent] },
        after: { ...renewed, command: { id: 'ready' } },
      },
    ],
    [
      'the command starts',
      { before: { ...leading, command: { id: 'ready' } }, effects: [startCommand] },
    ],
    ['the guard is told', { effects: [extendGuard] }],
    ['the last instant before the loss', { nowMs: candidate.renewDeadlineMs - 1 }],
    ['the loss', { before: renewing, after: losing, effects: [{ id: 'abandon', request: 3 }] }],
    ['after the loss', { before: losing, after: losing, nowMs: 3_999 }],
    ['after SIGKILL', { before: losing, after: { ...losing, killAtMs: null }, nowMs: 4_000 }],
    ['a stop', { after: steppingDown }],
    [
      'the release',
      {
        before: steppingDown,
        event: gone,
        after: { ...releasing, requestState: writing },
        effects: [send(3, '')],
      },
    ],
    [
      'the gate that refuses',
      { event: { id: 'command', event: { id: 'too-late' } }, after: releasing },
    ],
    [
      'the command that fails to start',
      { event: { id: 'command', event: { id: 'failed', message: '' } }, after: releasing },
    ],
    [
      'the end of a term without a command',
      { before: { ...leading, command: { id: 'preparing' } }, after: ended },
    ],
    ['the end of a deposed leader', { before: losing, event: gone, after: ended }],
  ])('%s', (_, change) => {
    expect(() => checkStep({ ...usual, ...change })).not.toThrow();
  });

  it('an absent Lease is taken', () => {
    const observed = { ...standby.observed, current: { id: 'absent', sinceMs: 0 } } as const;
    const after = { ...acquiring, observed };
    const create: Effect = {
      id: 'send',
      request: 3,
      body: { id: 'create', body: {} },
      timeoutMs: 1,
    };
    expect(() => checkStep({ ...usual, before: standby, after, effects: [create] })).not.toThrow();
  });

  it('a free lease is taken in the turn that tells of a new holder, whose time is first', () => {
    const observed = { ...standby.observed, current: { id: 'absent', sinceMs: 0 } } as const;
    const before = { ...standby, observed };
    expect(() => checkStep({ ...usual, before, after: acquiring, effects: [get] })).not.toThrow();
  });

  it('an attempt under way is waited for, whatever is seen meanwhile', () => {
    expect(() => checkStep({ ...usual, before: acquiring, after: acquiring })).not.toThrow();
  });
});

describe('a step that breaks a guarantee is a bug and throws', () => {
  it.each<[string, Partial<Transition>]>([
    ['G1: a term rests on a write that was never sent', { before: standby, after: leading }],
    [
      'G1: a term rests on a write that was never sent',
      {
        before: renewing,
        event: answer,
        after: withConfirmed(leading, { ...writing.sent }),
      },
    ],
    [
      'G1: a term rests on a write that was never sent',
      {
        before: renewing,
        event: answer,
        after: withConfirmed(losing, { ...writing.sent }),
      },
    ],
    [
      'G1: a write is confirmed before it was sent',
      { before: renewing, event: answer, after: renewed, nowMs: 1_999 },
    ],
    [
      'G1: a term goes back to an earlier renewal',
      {
        before: { ...renewed, tenure: { ...renewed.tenure, unanswered: [sent] } },
        after: leading,
      },
    ],
    ['G2: leadership is believed in past the renew deadline', { nowMs: candidate.renewDeadlineMs }],
    [
      'G2: leadership is believed in past the renew deadline',
      {
        before: renewing,
        event: answer,
        after: renewed,
        nowMs: candidate.renewDeadlineMs,
      },
    ],
    [
      'G2: leadership is believed in past the renew deadline',
      {
        before: steppingDown,
        after: { ...steppingDown, killAtMs: null },
        nowMs: candidate.renewDeadlineMs,
      },
    ],
    ['G2: SIGKILL is overdue', { after: steppingDown, nowMs: 5_000 }],
    ['G2: SIGKILL is overdue', { before: losing, after: losing, nowMs: 4_000 }],
    [
      'G2: the guard would kill too late',
      { effects: [{ ...extendGuard, killAtMs: extendGuard.killAtMs + 1 }] },
    ],
    [
      'G2: the guard would kill too late',
      { effects: [{ ...startCommand, killAtMs: startCommand.killAtMs + 1 }] },
    ],
    [
      'G2: the guard would kill too late',
      { before: acquiring, after: acquiring, effects: [extendGuard] },
    ],
    [
      'G2: the command could start after the renew deadline',
      {
        effects: [{ ...startCommand, notAfterMs: startCommand.notAfterMs + 1 }],
      },
    ],
    [
      'a request is sent while another is under way',
      { before: renewing, after: renewing, effects: [get] },
    ],
    [
      'a request is sent while another is under way',
      { after: renewing, effects: [get, send(3, 'me')] },
    ],
    [
      'a request is sent while another is under way',
      {
        before: renewing,
        after: renewing,
        effects: [{ id: 'abandon', request: 2 }, get],
      },
    ],
    [
      'a request is sent while another is under way',
      {
        before: renewing,
        event: { ...answer, request: 2 },
        after: renewing,
        effects: [get],
      },
    ],
    ['a request is under way that no state waits for', { before: renewing, after: losing }],
    ['a request is under way that no state waits for', { after: losing, effects: [get] }],
    ['a request is under way that no state waits for', { after: renewing }],
    [
      'G1: a write over whatever version there is',
      { after: renewing, effects: [send(3, 'me', '')] },
    ],
    ['G3: a release before the tree is gone', { after: renewing, effects: [send(3, '')] }],
    [
      'G1: a lease is taken that is not free',
      { before: standby, after: acquiring, effects: [get] },
    ],
    ['G3: the command is forgotten while its tree may live', { after: releasing }],
    [
      'G3: the command is forgotten while its tree may live',
      { before: steppingDown, after: releasing },
    ],
    ['G3: the command is forgotten while its tree may live', { before: losing, after: ended }],
    [
      'G3: the command is forgotten while its tree may live',
      { after: { ...leading, command: { id: 'ready' } } },
    ],
  ])('%s', (guarantee, change) => {
    expect(() => checkStep({ ...usual, ...change })).toThrow(new InternalError(guarantee));
  });
});
