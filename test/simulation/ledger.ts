/**
 * What one candidate can know of its own leadership, kept beside it: t, which is when the last renewal that it knows to be
 * stored was *sent*, and whether it has learnt of another holder. Its deeds are judged by this.
 */
import type { Answer, RawLease } from '../../src/election/lease.ts';
import type { RunSettings } from '../../src/run.ts';
import { metadataOf, objectOf, textOf } from './fields.ts';
import type { SimulatedProcess } from './process.ts';
import type { Arrival, Author, Server, Version } from './server.ts';
import type { SimulatedTree } from './tree.ts';

/** The name of the process of which this is a term. */
export function processOf({ name }: Author): string {
  return name.split('+')[0] ?? '';
}

/** The replica of which this is a process. */
export function replicaOf({ name }: Author): string {
  return name.split('.')[0] ?? '';
}

/** A term of its author's, of which one may have several: it may never have heard that it had won. */
export interface TermName {
  readonly author: Author;
  readonly acquireTime: string;
}

/** A write that was seen. */
interface Seen {
  readonly acquireTime: string;
  readonly bootMs: number;
  readonly writtenAtMs: number;
}

export class Ledger {
  readonly process: SimulatedProcess;
  readonly author: Author;
  readonly settings: RunSettings;
  readonly #server: Server;
  tree: SimulatedTree | null = null;
  /** t, on the candidate's boot clock. */
  confirmedMs = -Infinity;
  /** The time of loss, once it has come: later events cannot move it. */
  lostAtMs: number | null = null;
  /** When it learnt of another holder, boot clock. */
  deposedAtMs: number | null = null;
  /** The newest version that it has seen, by whatever way; and when that was stored, true time. */
  newestSeen = 0;
  #newestStoredMs = -Infinity;
  stopRequestedAtMs: number | null = null;
  /** It was asked to stop while it stopped. */
  isAskedAgain = false;
  /** It stops by its own decision: its term is over, or is transferred. */
  stopsOfOwn = false;
  /** It has said that it stops its command. */
  saidStopping = false;
  /** The command got a signal that asks it to stop before it ended. */
  wasToldToStop = false;
  /** True time. */
  readonly enteredAtMs: number;
  /** When it has asked for its Pod's label to be taken away, boot clock; and whether that was done. */
  labelAskedAtMs: number | null = null;
  isLabelGone = false;
  /** It has reported that it leads. */
  hasWon = false;
  /** It has reported a loss. */
  saidLostAtMs: number | null = null;
  goAtMs: number | null = null;
  /** When it heard that its command has ended. */
  endedAtMs: number | null = null;
  /** When each request was sent, true time. */
  readonly sends: number[] = [];
  /** Which writes it has seen of whom, and when, boot clock. */
  readonly #seen = new Map<Author, Seen[]>();
  /** Its record as others have cleared it. */
  readonly #cleared = new WeakSet<Version>();
  /** It has found that the server went back in time, as far as a leader can. */
  hasFoundOlder = false;
  /** When an event last told of another's record that is older than what it had seen, boot clock. */
  #olderToldMs = -Infinity;
  /** True time since which all that it was shown is one state of the Lease, or that there is none. */
  sameSinceMs = Infinity;
  #shown: Version | null = null;
  /** When it last found that there is no Lease, boot clock. */
  #missingMs = -Infinity;
  /** When the write that won was sent, boot clock. */
  #wonMs = Infinity;
  /** The version by which it first saw that. */
  #wonVersion = Infinity;
  #acquireTime = '';
  /** Those of its last write that it knows to be stored. */
  #transitions = 0;
  /** When it last sent a renewTime of this second, boot clock. */
  readonly #renewedAt = new Map<string, number>();

  constructor(process: SimulatedProcess, author: Author, settings: RunSettings, server: Server) {
    this.process = process;
    this.author = author;
    this.settings = settings;
    this.#server = server;
    this.enteredAtMs = process.world.nowMs;
  }

  get term(): string {
    return `${this.settings.identity}@${this.#acquireTime}`;
  }

  /**
   * True time of the newest write that it had seen of this holder's term before then: in one turn, time comes before the event. What it had seen
   * before it sent the write that won it has waited for.
   */
  newestSeenMs({ author, acquireTime }: TermName, beforeBootMs: number): number {
    const sinceMs = this.hasWon ? this.#wonMs : -Infinity;
    const seen = (this.#seen.get(author) ?? []).filter(
      (each) =>
        each.acquireTime === acquireTime && each.bootMs >= sinceMs && each.bootMs < beforeBootMs,
    );
    return Math.max(...seen.map(({ writtenAtMs }) => writtenAtMs), -Infinity);
  }

  noteSent(renewTime: string): void {
    this.#renewedAt.set(secondOf(renewTime), this.process.bootMs());
  }

  /** t+R: leadership is over from then on, whatever comes. */
  noteTime(): void {
    if (this.goAtMs === null || this.lostAtMs !== null) return;
    const lossMs = this.confirmedMs + this.settings.renewDeadlineMs;
    if (this.process.machine.bootMs() >= lossMs) this.lostAtMs = lossMs;
  }

  noteAnswer(answer: Answer, arrival: Arrival): void {
    this.noteTime();
    if (answer.id === 'not-found') {
      this.#missingMs = this.process.bootMs();
      this.#noteShown(null);
    }
    this.hasFoundOlder ||= this.#showsOlder(answer, arrival, -Infinity);
    const isCleared = answer.id === 'lease' && this.#isKnownToBeCleared(answer.lease);
    if (this.goAtMs !== null && !isCleared && this.#showsOlder(answer, arrival, this.goAtMs))
      this.#noteDeposed('answer');
    if (answer.id !== 'lease') return;
    if (arrival.request.id === 'get') return this.#noteLease(answer.lease, 'answer');
    // What else is answered to a write says nothing of what is stored.
    if (!this.#isAnswered(answer.lease, arrival)) return;
    this.#noteLease(answer.lease, 'answer');
    // Though the server had gone back in time, the record goes on from here; a later version may have been told before this answer.
    const version = this.#server.versionOf(answer.lease);
    const isNewest =
      version !== null &&
      (version.atMs > this.#newestStoredMs || version.resourceVersion > this.newestSeen);
    if (isNewest) this.#noteNewest(version);
  }

  /** The answer shows the very write that it is an answer to. */
  #isAnswered(lease: RawLease, { author, sentBootMs }: Arrival): boolean {
    const write = this.#server.versionOf(lease)?.write;
    return write?.author === author && write.sentBootMs === sentBootMs;
  }

  /** Whether a leader can know by this that the server has gone back in time; what was told before `sinceMs` does not count. */
  #showsOlder(answer: Answer, arrival: Arrival, sinceMs: number): boolean {
    const { request } = arrival;
    // What was told since the last renewal, and this, agree.
    const isTold = this.#olderToldMs >= Math.max(this.confirmedMs, sinceMs);
    if (answer.id !== 'lease') return request.id === 'get' && answer.id === 'not-found' && isTold;
    const version = this.#server.versionOf(answer.lease);
    if (version === null || version.resourceVersion >= this.newestSeen) return false;
    if (this.#isCreatedAgain(version)) return true;
    return request.id === 'get' && (!this.#isOfThisTerm(version) || isTold);
  }

  /** It has created the Lease again in its term, where something newer was known. What it has heard of is confirmed, whatever is heard after that. */
  #isCreatedAgain({ resourceVersion, write }: Version): boolean {
    const { author, isCreate, sentBootMs } = write;
    const isRenewal = sentBootMs > Math.max(this.#wonMs, this.confirmedMs);
    const isOwn = isCreate && author === this.author;
    return isOwn && isRenewal && resourceVersion < this.newestSeen;
  }

  /** That is an old cache's, or a state that the server has gone back to: nobody can tell. */
  #isKnownToBeCleared(lease: RawLease): boolean {
    const version = this.#server.versionOf(lease);
    return version !== null && this.#cleared.has(version);
  }

  /** As far as it can know: a client-go of its identity goes on with its term. */
  #isOfThisTerm({ write, holder, acquireTime, lease }: Version): boolean {
    if (holder === '') return this.#isNamedIn(lease);
    // Once it has won by one of its attempts, the others are no records of its term.
    if (write.author === this.author && !this.hasWon) return true;
    if (holder !== this.settings.identity) return false;
    if (acquireTime === this.#acquireTime) return true;
    // A webhook may have cut the rest.
    return isCut(acquireTime) && secondOf(acquireTime) === secondOf(this.#acquireTime);
  }

  noteWatchEvent(lease: RawLease): void {
    this.noteTime();
    const version = this.#server.versionOf(lease);
    if (version !== null) this.#noteShown(version.isDeletion ? null : version);
    const isOlder = version !== null && version.resourceVersion < this.newestSeen;
    if (isOlder && this.#isCreatedAgain(version)) {
      this.hasFoundOlder = true;
      if (this.goAtMs !== null) this.#noteDeposed('event');
    }
    if (isOlder && !this.#isOfThisTerm(version)) {
      this.#olderToldMs = this.process.bootMs();
      // Together with a Lease that was not there it is no late one.
      // Nor is another holder's, by a version since the term began.
      const isTaken = version.holder !== '' && version.resourceVersion > this.#wonVersion;
      this.hasFoundOlder ||= isTaken || this.#missingMs > this.confirmedMs;
      if (isTaken && this.goAtMs !== null) this.#noteDeposed('event');
    }
    // What it knows is told once more: what was older was late.
    const isKnown = version?.resourceVersion === this.newestSeen;
    if (isKnown && (this.goAtMs === null || this.#isOfThisTerm(version)))
      this.#olderToldMs = -Infinity;
    // To a leader any other older event is late, even one of its own record.
    if (isOlder && this.hasWon) this.#noteSeen(version);
    else this.#noteLease(lease, 'event');
  }

  /** After a loss the requests have been given up: of what their answers would have shown it knows nothing. */
  #noteDeposed(by: 'answer' | 'event'): void {
    if (by === 'event' || this.lostAtMs === null) this.deposedAtMs ??= this.process.bootMs();
  }

  #noteLease(lease: RawLease, by: 'answer' | 'event'): void {
    const version = this.#server.versionOf(lease);
    if (version === null || version.isDeletion) return;
    this.#noteShown(version);
    const { write } = version;
    if (version.resourceVersion > this.newestSeen && this.#isFromBefore(version)) {
      this.hasFoundOlder = true;
      if (by === 'answer' && this.goAtMs !== null) this.#noteDeposed(by);
    } else if (version.holder === '' && this.#wonMs < Infinity) this.#cleared.add(version);
    this.#noteSeen(version);
    if (write.author === this.author) {
      if (version.holder !== '' && this.lostAtMs === null) {
        // What it won before may have been over before it knew.
        const isNext = version.acquireTime !== this.#acquireTime && write.sentBootMs > this.#wonMs;
        // On a server that went back in time before that, its term is newer than all else.
        if (this.#wonMs === Infinity || isNext) {
          this.#noteNewest(version);
          this.#wonVersion = version.resourceVersion;
        }
        this.#acquireTime = version.acquireTime;
        this.#wonMs = isNext ? write.sentBootMs : Math.min(this.#wonMs, write.sentBootMs);
        if (write.sentBootMs >= this.confirmedMs) this.#transitions = version.transitions;
        this.confirmedMs = Math.max(this.confirmedMs, write.sentBootMs);
      }
    } else if (this.#isOwnToTheLetter(version)) {
      // It is taken for the renewal of this second, whoever wrote it.
      const sentMs = this.#renewedAt.get(secondOf(version.renewTime)) ?? -Infinity;
      if (this.lostAtMs === null) this.confirmedMs = Math.max(this.confirmedMs, sentMs);
    } else if (this.#isNew(version)) {
      this.#noteDeposed(by);
    } else if (this.goAtMs === null && version.holder !== '') {
      // What it had won before it heard of that, it has not begun.
      this.#wonMs = Infinity;
    }
    if (version.resourceVersion >= this.newestSeen) this.#noteNewest(version);
  }

  /** A free state from before its term, which edits have made newer: it has fewer transitions, and not the annotation of that term. */
  #isFromBefore({ lease, holder, transitions }: Version): boolean {
    const isCleared = this.#isNamedIn(lease) || transitions >= this.#transitions;
    return this.hasWon && holder === '' && !isCleared;
  }

  #isNamedIn(lease: RawLease): boolean {
    const term = textOf(objectOf(metadataOf(lease)['annotations'])['leader-run/term']);
    return term === `${this.settings.identity}@${this.#acquireTime}`;
  }

  #noteShown(version: Version | null): void {
    if (this.sameSinceMs < Infinity && version === this.#shown) return;
    this.#shown = version;
    this.sameSinceMs = this.process.world.nowMs;
  }

  #noteNewest({ resourceVersion, atMs }: Version): void {
    this.newestSeen = resourceVersion;
    this.#newestStoredMs = atMs;
  }

  #noteSeen({ write, holder, acquireTime }: Version): void {
    if (holder === '') return;
    const seen = this.#seen.get(write.author) ?? [];
    seen.push({ acquireTime, bootMs: this.process.bootMs(), writtenAtMs: write.atMs });
    this.#seen.set(write.author, seen);
  }

  /** Another holds the lease, by something newer than all that is known. */
  #isNew(version: Version): boolean {
    return (
      this.goAtMs !== null && version.holder !== '' && version.resourceVersion > this.newestSeen
    );
  }

  /** A client-go of its identity goes on with its term, and a webhook has cut from both what would tell them apart (design 3). */
  #isOwnToTheLetter(version: Version): boolean {
    const { renewTime } = version;
    return (
      isCut(renewTime) && this.#isOfThisTerm(version) && this.#renewedAt.has(secondOf(renewTime))
    );
  }
}

function isCut(time: string): boolean {
  return time.endsWith('.000000Z');
}

function secondOf(time: string): string {
  return time.slice(0, 19);
}
