/** What a bug would break is noticed, for each invariant: states and effects that no step gives. */
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/election/effect.ts';
import { type Transition, checkStep } from '../../src/election/invariants.ts';
import { InternalError } from '../../src/election/state.ts';
import { candidate } from '../fixtures/candidate.ts';
import {
  sent,
  writing,
  leading,
  renewing,
  steppingDown,
  losing,
  releasing,
  ended,
  standby,
  acquiring,
  answer,
  gone,
  send,
  get,
  startCommand,
  extendGuard,
  withConfirmed,
  usual,
  renewed,
} from './states.ts';

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
    [
      'the end of a term without a command in the step in which it is renewed',
      {
        before: { ...leading, command: { id: 'preparing' } },
        after: releasing,
        effects: [extendGuard],
      },
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
      'G2: the guard would kill too late',
      { before: steppingDown, event: gone, after: releasing, effects: [extendGuard] },
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
