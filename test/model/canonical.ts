/**
 * One text for all worlds that behave alike from here on: times relative to now, versions by rank, times in records by
 * their first appearance, nothing that can matter no more.
 */
import { createHash } from 'node:crypto';
import type { ObservedLease } from '../../src/election/observed-lease.ts';
import { type SentRecord, readRecord } from '../../src/election/record.ts';
import type { Candidate, Leading, State, SteppingDown } from '../../src/election/state.ts';
import { type World, startWallMs, wallOffsetMs } from './world.ts';

/** From then on the back-off grows no more. */
const mostFailures = 6;

/** What is longer ago than every wait is just long ago. */
const longAgoMs = -16_000;

/** Instants from which something counts. */
const beginnings = new Set([
  'sinceMs',
  'sentAtMs',
  'lastEventAtMs',
  'changedAtMs',
  'landedSentAtMs',
]);

/** Instants at which something is due: over is over. */
const deadlines = new Set([
  'nextAtMs',
  'writableAtMs',
  'expiresAtMs',
  'backOffUntilMs',
  'killAtMs',
  'deadlineMs',
  'notAfterAtMs',
  'guardAtMs',
  'deadByAtMs',
  'staysOutUntilMs',
  'nominatesAtMs',
  'untilMs',
]);

/** The names of what follows from the rest or cannot matter. */
const irrelevant = new Set([
  'candidate',
  'fingerprint',
  'requests',
  'beganAtMs',
  'nowMs',
  'message',
  'serverTimeMs',
  'lastFailure',
  'revision',
  'uids',
  'pid',
  'stopAtMs',
  'maxTermMs',
  'record',
  'isHolderAlive',
  'serverAheadMs',
  'start',
  'apiVersion',
  'kind',
]);

const versions = new Set([
  'resourceVersion',
  'newestVersion',
  'fencingToken',
  'token',
  'refusedVersion',
  'unheardVersion',
  'overVersion',
]);

/** Equal for worlds that behave alike. */
export function keyOf(world: World): string {
  return createHash('md5').update(canonicalText(world)).digest('base64url');
}

export function canonicalText(world: World): string {
  return new Writer(world).text();
}

/** The world with what matters of its candidates' states. */
function essenceOf(world: World): object {
  const isAbout = writesAbout(world);
  const actors = world.actors.map((actor) =>
    actor.state === null
      ? actor
      : { ...actor, state: stateEssence(withoutLost(actor.state, isAbout), world.nowMs) },
  );
  return { ...world, actors };
}

/** Whether a write is stored, or may still be shown or land. What is nowhere any more will never be seen again. */
function writesAbout({ store, actors }: World): (sent: SentRecord) => boolean {
  const places = actors.map(({ wire, stray, events }) => [wire, stray, events]);
  const text = JSON.stringify([store, places]);
  return ({ renewTime }) => text.includes(renewTime);
}

/** The state without those of its unanswered writes that are lost. */
function withoutLost(state: State, isAbout: (sent: SentRecord) => boolean): State {
  switch (state.id) {
    case 'standby':
      return { ...state, unanswered: state.unanswered.filter(isAbout) };
    case 'leading':
    case 'stepping-down':
    case 'losing': {
      const unanswered = state.tenure.unanswered.filter(isAbout);
      return { ...state, tenure: { ...state.tenure, unanswered } };
    }
    case 'releasing': {
      const [written, released] = [state.written.filter(isAbout), state.released.filter(isAbout)];
      return { ...state, written, released };
    }
    case 'ended':
      return state;
  }
}

/** The state with what matters of instants that are only ever compared with those of writes, and of a loss. */
function stateEssence(state: State, nowMs: number): object {
  switch (state.id) {
    case 'standby': {
      return state;
    }
    case 'leading':
    case 'stepping-down': {
      const olderEvent = olderEssence(state, nowMs);
      const observed = heardEssence(state.candidate, state.tenure.observed);
      return { ...state, tenure: { ...state.tenure, olderEvent, observed } };
    }
    case 'losing': {
      // No renewal will be confirmed any more.
      const observed = heardEssence(state.candidate, state.tenure.observed);
      const olderEvent = state.tenure.olderEvent !== null;
      const tenure = { ...state.tenure, olderEvent, observed };
      return { ...state, tenure, loss: { id: state.loss.id } };
    }
    case 'releasing': {
      // They are compared by what they say alone.
      const [written, released] = [state.written.map(untimed), state.released.map(untimed)];
      // Whom it has heard of decides what can still be its own, too.
      const { current } = state.observed;
      const heard = current.id === 'present' ? current.lease : current.id;
      const observed = heardEssence(state.candidate, state.observed);
      return { ...state, written, released, observed, heard };
    }
    case 'ended':
      return state;
  }
}

/** What the next candidacy of the process is to know, if there is one. */
function heardEssence({ rejoins }: Candidate, observed: ObservedLease): object | null {
  if (rejoins !== true) return null;
  const { current } = observed;
  const { id } = current;
  const seen =
    id === 'present' ? { id, lease: current.lease, isReleased: current.isReleased } : { id };
  return { ...observed, current: seen };
}

function untimed({ sentAtMs: _, ...said }: SentRecord): object {
  return said;
}

/** Which of the writes that may yet be confirmed were sent after the event; those to come are, unless it came at this very instant. */
function olderEssence(
  { tenure, requestState }: Leading | SteppingDown,
  nowMs: number,
): object | null {
  const { olderEvent: older, unanswered } = tenure;
  if (older === null) return null;
  const isAfter = ({ sentAtMs }: SentRecord) => sentAtMs > older.seenAtMs;
  const sent = requestState.id === 'writing' ? [...unanswered, requestState.sent] : unanswered;
  return { areAfter: sent.map(isAfter), isNow: older.seenAtMs >= nowMs };
}

class Writer {
  readonly #world: World;
  readonly #essence: object;
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #names = new Map<string, number>();
  readonly #transitions: number;
  #text = '';

  constructor(world: World) {
    this.#world = world;
    this.#essence = essenceOf(world);
    this.#transitions = world.store.lease === null ? 0 : readRecord(world.store.lease).transitions;
    const found = new Set<string>();
    collectVersions(this.#essence, found);
    const sorted = [...found].sort((a, b) => Number(a) - Number(b));
    this.#ranks = new Map(sorted.map((version, rank) => [version, rank]));
  }

  text(): string {
    this.#object(this.#essence);
    return this.#text;
  }

  #object(object: object): void {
    this.#text += '{';
    for (const name in object) {
      if (irrelevant.has(name)) continue;
      this.#text += `${name}:`;
      this.#value(name, (object as Record<string, unknown>)[name]);
      this.#text += ',';
    }
    this.#text += '}';
  }

  #value(name: string, value: unknown): void {
    if (typeof value === 'number') this.#text += this.#number(name, value);
    else if (typeof value === 'string') this.#text += this.#string(name, value);
    else if (Array.isArray(value)) this.#array(name, value);
    else if (typeof value === 'object' && value !== null) this.#object(value);
    else this.#text += typeof value === 'boolean' ? String(value) : '-';
  }

  #array(name: string, values: readonly unknown[]): void {
    this.#text += '[';
    for (const value of values) {
      this.#value(name, value);
      this.#text += ',';
    }
    this.#text += ']';
  }

  #number(name: string, value: number): string {
    if (name === 'request') return '';
    if (name === 'transitions' || name === 'leaseTransitions')
      return String(value - this.#transitions);
    if (name === 'failures' || name === 'rounds') return String(Math.min(value, mostFailures));
    const earliestMs = beginnings.has(name) ? longAgoMs : deadlines.has(name) ? 0 : null;
    if (earliestMs === null) return String(value);
    return String(Math.round(Math.max(value - this.#world.nowMs, earliestMs) * 1000));
  }

  #string(name: string, value: string): string {
    if (versions.has(name)) return `v${this.#ranks.get(value)}`;
    // When a run began and by which token makes no difference.
    if (name === 'leader-run/transfer') return this.#request(value);
    if (name === 'leader-run/runs')
      return value.replaceAll(/"start":"[^"]*",|"token":"[^"]*"/g, '');
    if (
      name === 'term' ||
      name === 'namedTerm' ||
      name === 'nominatedIn' ||
      name === 'leader-run/term'
    ) {
      const at = value.lastIndexOf('@');
      return `${value.slice(0, at)}@${this.#name(value.slice(at + 1))}`;
    }
    if (name === 'renewTime') return `${this.#name(value)}${this.#aheadMs(value)}`;
    return name === 'acquireTime' ? this.#name(value) : value;
  }

  /** The term in it by the name of its time. */
  #request(value: string): string {
    const { to, term } = JSON.parse(value) as { to: string; term: string };
    return `${to} ${this.#string('term', term)}`;
  }

  #name(time: string): string {
    const known = this.#names.get(time);
    if (known !== undefined) return `t${known}`;
    this.#names.set(time, this.#names.size);
    return `t${this.#names.size - 1}`;
  }

  /** The next record is a second past this one, where the clock is not past that yet. */
  #aheadMs(time: string): string {
    const aheadMs = Date.parse(time) + 1000 - startWallMs - this.#world.nowMs;
    const byOwnClockMs = aheadMs > wallOffsetMs / 2 ? aheadMs - wallOffsetMs : aheadMs;
    return byOwnClockMs > 0 ? `+${Math.round(byOwnClockMs)}` : '';
  }
}

function collectVersions(value: object, into: Set<string>): void {
  for (const name in value) {
    // What is not written down must not change the ranks either.
    if (irrelevant.has(name)) continue;
    const part = (value as Record<string, unknown>)[name];
    if (typeof part === 'string' && versions.has(name)) into.add(part);
    else if (typeof part === 'object' && part !== null) collectVersions(part, into);
  }
}
