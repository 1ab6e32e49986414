/**
 * One candidate's core on a stage: a clock, a Lease and the commands of a story.
 *
 * It does what the driver does: a time event at each deadline, no answer for a request that was given up.
 */
import type {
  ClockJump,
  CommandEvent,
  ElectionEvent,
  Ending,
} from '../../../src/election/event.ts';
import type {
  Answer,
  Failure,
  LeaseRequest,
  RawLease,
  WatchEvent,
} from '../../../src/election/lease.ts';
import type { OnceRule } from '../../../src/election/runs.ts';
import { initialStandby } from '../../../src/election/beginning.ts';
import type { Candidate, State } from '../../../src/election/state.ts';
import { nextDeadlineMs, step } from '../../../src/election/step.ts';
import { type LeaseStore, emptyStore, metadataOf, put, remove, serve } from '../lease-store.ts';
import { lineOf, lineOfState } from './lines.ts';
import {
  plain,
  readLease,
  readMs,
  seconds,
  startWallMs,
  writeLease,
  writeTimes,
} from './notation.ts';

/** More effects than any story needs at one instant: the core would not settle. */
const mostTurnsAtOnce = 100;

interface Sent {
  readonly request: LeaseRequest;
  /** The answer that the store has given, which may not have arrived. */
  answer: Answer | null;
}

export class Stage {
  #nowMs = 0;
  #wallMs = startWallMs;
  #serverAheadMs = 0;
  #random = 0;
  #awaited: string | null = null;
  #store: LeaseStore = emptyStore;
  #deleted: RawLease = {};
  #state: State = initialStandby(candidateOf([]), 0);
  readonly #sent = new Map<number, Sent>();
  #lines: string[] = [];

  /** Performs one command; the lines are what came of it. */
  perform(command: string): string[] {
    this.#lines = [];
    const [verb = '', ...words] = command.split(' ');
    const rest = words.join(' ');
    const action = this.#actions[verb];
    if (action === undefined) throw new Error(`No such command: ${command}`);
    action(rest, words);
    return this.#lines;
  }

  lineOfState(): string {
    return lineOfState(this.#state);
  }

  readonly #actions: Readonly<Record<string, (rest: string, words: readonly string[]) => void>> = {
    candidate: (_, words) => (this.#state = initialStandby(candidateOf(words), this.#nowMs)),
    begin: () => this.#turn({ id: 'begin' }),
    pass: (rest) => this.#pass(readMs(rest)),
    jump: (_, [length = '', cause]) => this.#jump(readMs(length), cause),
    skip: (rest) => this.#advanceClock(readMs(rest)),
    wall: (rest) => (this.#wallMs += readMs(rest)),
    server: (rest) => (this.#serverAheadMs = readMs(rest)),
    awaited: (rest) => (this.#awaited = rest === '' ? null : rest),
    draw: (rest) => (this.#random = Number(rest)),
    store: (rest) => this.#write(rest),
    delete: () => ({ store: this.#store, lease: this.#deleted } = remove(this.#store)),
    show: () => this.#lines.push(`stored ${this.#describeStore()}`),
    raw: () => this.#lines.push(writeTimes(JSON.stringify(this.#store.lease))),
    land: (_, words) => this.#land(this.#sentBy(words[0])),
    answer: (_, words) => this.#answer(words),
    watch: (_, words) => this.#turn({ id: 'watch', event: this.#watchEventOf(words) }),
    command: (_, words) => this.#turn({ id: 'command', event: commandEvent(words) }),
    label: () => this.#turn({ id: 'label-withdrawn' }),
    signal: (_, [signal, as = signal]) => this.#turn(stopRequest(signal, as)),
  };

  #turn(event: ElectionEvent): void {
    const at = {
      ...{ bootMs: this.#nowMs, wallMs: this.#wallMs, random: this.#random },
      awaited: this.#awaited,
    };
    const { state, effects } = step(this.#state, event, at);
    this.#state = state;
    for (const effect of effects) {
      if (effect.id === 'send')
        this.#sent.set(effect.request, { request: effect.body, answer: null });
      this.#lines.push(`${seconds(this.#nowMs)}\t${lineOf(effect)}`);
    }
  }

  #pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    let turnsHere = 0;
    for (
      let dueMs = nextDeadlineMs(this.#state);
      dueMs <= untilMs;
      dueMs = nextDeadlineMs(this.#state)
    ) {
      turnsHere = dueMs > this.#nowMs ? 0 : turnsHere + 1;
      if (turnsHere > mostTurnsAtOnce)
        throw new Error(`Does not settle at ${seconds(this.#nowMs)}`);
      this.#advanceClock(Math.max(dueMs - this.#nowMs, 0));
      this.#turn({ id: 'time', jump: null });
    }
    this.#advanceClock(untilMs - this.#nowMs);
  }

  #jump(ms: number, cause: string | undefined): void {
    this.#advanceClock(ms);
    const jump = cause === undefined ? null : ({ cause, ms } as ClockJump);
    this.#turn({ id: 'time', jump });
  }

  #advanceClock(ms: number): void {
    this.#nowMs += ms;
    this.#wallMs += ms;
  }

  /** Someone else writes the Lease. */
  #write(text: string): void {
    const body = text.startsWith('raw ')
      ? (JSON.parse(text.slice(4)) as RawLease)
      : readLease(text);
    this.#store = put(this.#store, body);
  }

  #describeStore(): string {
    const { lease } = this.#store;
    return lease === null
      ? 'nothing'
      : `${plain(metadataOf(lease)['resourceVersion'])} ${writeLease(lease)}`;
  }

  /** The request named `#n`, or the last one. */
  #sentBy(name: string | undefined): Sent & { number: number } {
    const number =
      name === undefined ? Math.max(...this.#sent.keys()) : Number(name.replace('#', ''));
    const sent = this.#sent.get(number);
    if (sent === undefined) throw new Error(`No request ${number}`);
    return Object.assign(sent, { number });
  }

  #land(sent: Sent): Answer {
    if (sent.answer === null) {
      const timeMs = Math.floor((this.#wallMs + this.#serverAheadMs) / 1000) * 1000;
      const { store, answer } = serve(this.#store, sent.request, timeMs);
      this.#store = store;
      sent.answer = answer;
    }
    return sent.answer;
  }

  #answer(words: readonly string[]): void {
    const isNamed = words[0]?.startsWith('#') === true;
    const sent = this.#sentBy(isNamed ? words[0] : undefined);
    const [what, ...facts] = isNamed ? words.slice(1) : words;
    const answer = what === undefined ? this.#land(sent) : answerOf(what, facts);
    this.#turn({ id: 'answer', request: sent.number, answer });
  }

  #watchEventOf([id = '', ...facts]: readonly string[]): WatchEvent {
    if (id === 'down') return { id, failure: failureOf(facts[0] ?? '', []) };
    if (id === 'forbidden') return { id, message: 'watch is forbidden' };
    if (id === 'deleted') return { id, lease: this.#deleted };
    if (id === 'changed') return { id, lease: leaseOf(facts) ?? this.#store.lease ?? {} };
    return { id: 'open' };
  }
}

function candidateOf(words: readonly string[]): Candidate {
  const settings: Record<string, string | undefined> = Object.fromEntries(
    words.map((word) => word.split('=') as [string, string]),
  );
  const read = (name: string, byDefault: string): number => readMs(settings[name] ?? byDefault);
  return {
    identity: settings['id'] ?? 'me',
    leaseName: 'lock',
    leaseDurationMs: read('L', '15s'),
    renewDeadlineMs: read('R', '10s'),
    retryPeriodMs: read('P', '2s'),
    lossGraceMs: read('lossGrace', '3830ms'),
    gracePeriodMs: read('grace', '25s'),
    waitMs: read('wait', 'infinity'),
    once: onceOf(settings),
    rejoins: settings['onLost'] === 'rejoin',
    maxTermMs: read('maxTerm', 'infinity'),
    hasPodLabel: settings['label'] === 'yes',
    nominates: settings['nominates'] === 'yes',
  };
}

function onceOf(settings: Readonly<Record<string, string | undefined>>): OnceRule | null {
  const { once, oncePer, onceAt = 'success' } = settings;
  const counts = onceAt as OnceRule['counts'];
  if (once !== undefined) return { id: 'key', key: once, counts };
  return oncePer === undefined ? null : { id: 'period', periodMs: readMs(oncePer), counts };
}

function answerOf(what: string, facts: readonly string[]): Answer {
  if (what === 'conflict' || what === 'not-found') return { id: what };
  const lease = leaseOf([what, ...facts]);
  if (lease !== null) return { id: 'lease', lease, serverTimeMs: null };
  return { id: 'failed', failure: failureOf(what, facts) };
}

/** `7 {…}`: a Lease of this resourceVersion. */
function leaseOf([version = '', ...words]: readonly string[]): RawLease | null {
  if (!(words[0] ?? '').startsWith('{')) return null;
  const lease = readLease(words.join(' '));
  const metadata = { ...metadataOf(lease), uid: 'u1', resourceVersion: version };
  return { ...lease, metadata };
}

function failureOf(what: string, facts: readonly string[]): Failure {
  const message = facts.join(' ');
  const status = Number(what);
  if (status >= 500 || status === 429) {
    const [, after] = /^after (.*)$/.exec(message) ?? [];
    return {
      reason: 'status',
      status,
      message: '',
      retryAfterMs: after === undefined ? null : readMs(after),
    };
  }
  if (status >= 400) return { reason: 'rejected', status, message };
  if (/^E[A-Z]+$/.test(what)) return { reason: 'network', code: what, message };
  if (what === 'certificate') return { reason: what, code: 'CERT_HAS_EXPIRED', message };
  if (what === 'timeout') return { reason: what, afterMs: 2667 };
  return { reason: what, message } as Failure;
}

function commandEvent([id = '', ...facts]: readonly string[]): CommandEvent {
  const [fact = ''] = facts;
  switch (id) {
    case 'started':
      return { id, pid: Number(fact) };
    case 'ended':
      return { id, ending: endingOf(fact) };
    case 'lingering':
      return { id, pids: facts.map(Number) };
    case 'failed':
    case 'unguarded':
      return { id, message: facts.join(' ') };
    default:
      return { id } as CommandEvent;
  }
}

function endingOf(fact: string): Ending {
  return fact.startsWith('SIG')
    ? { id: 'signalled', signal: fact as NodeJS.Signals }
    : { id: 'exited', code: Number(fact) };
}

function stopRequest(signal: string | undefined, as: string | undefined): ElectionEvent {
  const forwardAs = as === 'silently' ? null : (as as NodeJS.Signals);
  return { id: 'stop-requested', signal: signal as NodeJS.Signals, forwardAs };
}
