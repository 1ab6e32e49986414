/**
 * What every write to the Lease has to keep: no candidate takes what has not expired, a release comes after the death and never
 * over another's record, transitions count changes of the holder.
 */
import type { RawLease } from '../../src/election/lease.ts';
import { metadataOf, objectOf } from './fields.ts';
import { type TermName, processOf, replicaOf } from './ledger.ts';
import type { Machine } from './machine.ts';
import type { Arrival, Author, Version } from './server.ts';
import type { SimulatedTree } from './tree.ts';
import type { World } from './world.ts';

/** What a writer of records is known by. */
export interface Writer {
  readonly author: Author;
  readonly machine: Machine;
  readonly leaseDurationMs: number;
  /** The trees of leader-run; client-go has none. */
  readonly tree: () => SimulatedTree | null;
  /** True time of the newest write that it had seen of this holder's term by then, on its boot clock; `-Infinity`: none. */
  readonly newestSeenMs: (term: TermName, byBootMs: number) => number;
  /** True time since which all that it was shown is one state of the Lease, or that there is none; `Infinity`: it was shown nothing. */
  readonly sameSinceMs: () => number;
}

/** One term of leadership, as its records tell it: they all have one acquireTime. */
interface Term {
  readonly acquireTime: string;
  readonly transitions: number;
  /** The resourceVersion by which it began. */
  readonly beganAt: number;
}

/** A lease that its holder has neither given back nor lost. */
interface Claim extends TermName {
  readonly holder: string;
  readonly atMs: number;
  readonly durationMs: number;
}

/**
 * A holder's lease was taken after a restore by who had seen, when it sent that, nothing of the holder's term that is newer than what the
 * restore left: it cannot know better (README, G1).
 */
interface Taking {
  readonly term: TermName;
  readonly taker: Writer;
  readonly sentBootMs: number;
  /** True time of the holder's newest write that was left; `-Infinity`: none. */
  readonly leftMs: number;
}

export class WriteJudge {
  readonly #world: World;
  readonly #writers = new Map<string, Writer>();
  readonly #isBeyondLimits: boolean;
  readonly #terms = new Map<string, Term>();
  #claim: Claim | null = null;
  /** The last change was made by hand, so that a take-over is one by hand. */
  #isHand = false;
  readonly #forgotten = new Map<Author, Taking>();
  /** Whoever has sent a release. */
  readonly #releasing = new Set<Author>();
  readonly #setBackAtMs: () => number;

  constructor(world: World, isBeyondLimits: boolean, setBackAtMs: () => number) {
    this.#setBackAtMs = setBackAtMs;
    this.#world = world;
    this.#isBeyondLimits = isBeyondLimits;
  }

  /** The resourceVersion by which the author's term began; 0: it has had none. */
  beganAt({ name }: Author): number {
    return this.#terms.get(name)?.beganAt ?? 0;
  }

  isForgotten(author: Author): boolean {
    return this.#forgotten.has(author);
  }

  /** The author leads by the write that it sent then: it has seen nothing newer of the holder that it has taken the lease from. */
  onWin(author: Author, wonBootMs: number): void {
    for (const { term, taker, sentBootMs, leftMs } of this.#forgotten.values()) {
      if (taker.author !== author || sentBootMs !== wonBootMs) continue;
      if (taker.newestSeenMs(term, Infinity) <= leftMs) continue;
      const text = `${author.name} leads though it has seen that ${term.author.name} does`;
      this.#world.break('G1', text);
    }
  }

  onRelease(author: Author): void {
    this.#releasing.add(author);
  }

  get claim(): Claim | null {
    return this.#claim;
  }

  enter(writer: Writer): void {
    this.#writers.set(writer.author.name, writer);
  }

  onCommit(before: Version | null, after: Version, { author, sentBootMs }: Arrival): void {
    if (after.isDeletion || author.kind === 'hand') return this.#byHand(before, after);
    const writer = this.#writers.get(author.name);
    if (writer === undefined) throw new Error(`No one knows ${author.name}`);
    if (before?.write === after.write) return this.#onNomination(before, after, author);
    if (this.#isVoid(before, after)) return this.#world.count('releases of what was released');
    if (author.kind === 'leader-run') this.#checkTransitions(before, after, author);
    if (after.holder === '') this.#onBlank(before, writer);
    else this.#onClaim(before, after, writer, sentBootMs);
  }

  /** Who enters itself as the successor changes nothing else: it changes who takes the lease and when, never whether. */
  #onNomination(before: Version, after: Version, { name }: Author): void {
    this.#world.count('successors entered');
    if (withoutSuccessor(before.lease) === withoutSuccessor(after.lease)) return;
    this.#world.break('who and when, never whether', `${name} changes more than the successor`);
  }

  /** It was released already, by a client-go of the same identity, or as a proxy had shown what was sent: nobody is hurt. */
  #isVoid(before: Version | null, after: Version): boolean {
    if (before?.holder !== '' || after.holder !== '' || this.#claim !== null) return false;
    return before.write.author.kind === 'client-go' || this.#mayShowWhatWasSent;
  }

  #byHand(before: Version | null, after: Version): void {
    if (before?.write === after.write && !after.isDeletion) return;
    this.#isHand = true;
    if (after.isDeletion || after.holder === '') return;
    // Who puts a record back to the letter gives the lease back to its author.
    this.#claim = claimOf(after, after.write.author);
  }

  #onBlank(before: Version | null, { author, tree }: Writer): void {
    const claim = this.#claim;
    if (author.kind === 'client-go') {
      // It is started again only when nothing is left of it.
      const isOwn = claim !== null && replicaOf(claim.author) === replicaOf(author);
      this.#world.count(isOwn ? 'client-go releases' : 'fault: cleared by client-go');
      if (isOwn) this.#claim = null;
      return;
    }
    const left = tree();
    if (left?.isAlive === true && left.excuse === null) {
      this.#world.break('G3', `${author.name} released while its tree lives`);
    }
    const isOwn =
      claim?.author === author && (before?.write.author === author || before?.holder === '');
    // A restore may bring back any record of its own; and a twin's, of which a webhook has cut the times, is its own to the letter.
    if (!isOwn && !this.#mayBeTwins(claim, author) && this.#setBackAtMs() === -Infinity) {
      const whose = claim === null ? 'nobody' : claim.author.name;
      this.#world.break('G3', `${author.name} released the lease of ${whose}`);
    }
    this.#world.count('releases');
    // Of another's, which the restore has hidden, that is none; unless that is a twin's, which goes on with the term for all who see it.
    const isOfTwin = claim?.author.kind === 'client-go' && claim.holder === before?.holder;
    if (claim?.author === author || isOfTwin) this.#claim = null;
    this.#isHand = false;
  }

  #onClaim(before: Version | null, after: Version, writer: Writer, sentBootMs: number): void {
    const claim = this.#claim;
    const { author } = writer;
    // client-go takes what is empty, whoever emptied it: another client-go, perhaps, by the record of its successor.
    const takesBlank = author.kind === 'client-go' && before?.holder === '';
    const isAnothers =
      claim !== null && claim.author !== author && !this.#isFormerTerm(claim.author, author);
    const mayTake = takesBlank || (claim !== null && this.#isReleasedByAnswer(claim));
    if (isAnothers && !this.#isForgottenBy(writer, claim, before, sentBootMs) && !mayTake)
      this.#checkExpiry(claim, after, writer);
    const isSameTerm = this.#noteTerm(after, author);
    if (isSameTerm || claim?.author === author) {
      this.#checkRenewTime(before, after, author);
      if (before?.holder === '') this.#world.count('cleared records restored');
      if (before === null) this.#world.count('deleted records restored');
    } else if (author.kind === 'leader-run') {
      const how = this.#isHand ? 'hand' : claim === null ? 'release' : 'expiry';
      this.#world.count(before === null ? 'take-overs by creation' : `take-overs by ${how}`);
    } else {
      this.#world.count('take-overs by client-go');
    }
    this.#isHand = false;
    this.#claim = claimOf(after, author);
    this.#forgotten.delete(author);
  }

  /** Whether the record goes on with a term of its author's. */
  #noteTerm(after: Version, author: Author): boolean {
    const before = this.#termOf(after, author);
    const { acquireTime, transitions, resourceVersion } = after;
    const beganAt = before?.beganAt ?? resourceVersion;
    this.#terms.set(author.name, { acquireTime, transitions, beganAt });
    return before !== null;
  }

  #termOf({ acquireTime }: Version, { name }: Author): Term | null {
    const term = this.#terms.get(name);
    return term?.acquireTime === acquireTime ? term : null;
  }

  /** A proxy had answered a release with the record that was sent, and gave that answer to the taker's read, too: nothing of the holder is left. */
  #isReleasedByAnswer({ author }: Claim): boolean {
    const tree = this.#writers.get(author.name)?.tree() ?? null;
    return tree?.state === 'dead' && this.#releasing.has(author) && this.#mayShowWhatWasSent;
  }

  get #mayShowWhatWasSent(): boolean {
    return this.#world.statistics.has('fault: write answered with another record');
  }

  /** An earlier term of the same process, of which nothing is left. */
  #isFormerTerm(holder: Author, taker: Author): boolean {
    if (processOf(holder) !== processOf(taker)) return false;
    const tree = this.#writers.get(holder.name)?.tree() ?? null;
    if (tree?.isAlive === true && tree.excuse === null) return false;
    this.#world.count('take-overs of an own term');
    return true;
  }

  #isForgottenBy(taker: Writer, claim: Claim, before: Version | null, sentBootMs: number): boolean {
    if (this.#setBackAtMs() < claim.atMs) return false;
    // A client-go of the holder's identity goes on with its term: what hides the one's record hides the other's.
    const { acquireTime } = claim;
    const leftMs = before?.acquireTime === acquireTime ? before.write.atMs : -Infinity;
    const leaders = [...this.#writers.values()].flatMap(({ author }) => {
      if (this.#terms.get(author.name)?.acquireTime !== acquireTime) return [];
      return [{ term: { author, acquireTime }, taker, sentBootMs, leftMs }];
    });
    if (leaders.some(({ term, leftMs }) => taker.newestSeenMs(term, sentBootMs) > leftMs))
      return false;
    for (const each of leaders) this.#forgotten.set(each.term.author, each);
    this.#world.count('take-overs from who was forgotten');
    return true;
  }

  /** The record of a client-go that goes on with the term of its identity's other owner, and of which a webhook has cut the times. */
  #mayBeTwins(claim: Claim | null, author: Author): boolean {
    if (claim?.author.kind !== 'client-go') return false;
    // A term before a rejoin counts, too.
    const isTwins = [...this.#writers.values()].some(
      (writer) =>
        processOf(writer.author) === processOf(author) &&
        this.#terms.get(writer.author.name)?.acquireTime.slice(0, 19) ===
          claim.acquireTime.slice(0, 19),
    );
    return isTwins && this.#world.statistics.has('fault: a webhook cuts times');
  }

  /** The same of a term that the server has gone back to: whose it is goes on with it, and cannot tell that record from its own. */
  #goesOnBesideTwin(claim: Claim, after: Version): boolean {
    const isTwins = claim.author.kind === 'client-go' && claim.acquireTime === after.acquireTime;
    return isTwins && this.#setBackAtMs() > -Infinity;
  }

  /** By the taker's own clock, which may run faster than true time, the holder's whole lease must have passed. */
  #checkExpiry(claim: Claim, after: Version, taker: Writer): void {
    const { author, machine, leaseDurationMs } = taker;
    if (this.#isBeyondLimits) return;
    // client-go under the holder's identity does as it likes: that is its nature.
    if (author.kind === 'client-go' && claim.holder === after.holder) {
      this.#world.count('fault: client-go adopted an identity');
      return;
    }
    const isTwin = this.#mayBeTwins(claim, author) || this.#goesOnBesideTwin(claim, after);
    if (claim.holder === after.holder && isTwin) return;
    const passedMs = (this.#world.nowMs - claim.atMs) * machine.rate;
    const neededMs = Math.max(claim.durationMs, author.kind === 'leader-run' ? leaseDurationMs : 0);
    if (passedMs >= neededMs - 1) return;
    if (this.#wasTheSameFor(neededMs / machine.rate, claim, taker)) return;
    const text = `${author.name} took the lease of ${claim.author.name} ${passedMs.toFixed(1)} ms after its last write, which is less than ${neededMs} ms`;
    this.#world.break('no take-over of an unexpired lease', text);
  }

  /** client-go sees only whole seconds: each write has to be another than the one before, but for those of a client-go of our identity. */
  #checkRenewTime(before: Version | null, after: Version, author: Author): void {
    if (author.kind !== 'leader-run' || before === null) return;
    if (before.write.author.kind === 'client-go') return;
    if (before.holder !== after.holder) return;
    if (before.renewTime.slice(0, 19) === after.renewTime.slice(0, 19)) {
      this.#world.break(
        'each renewal is seen',
        `${author.name} renewed twice at ${after.renewTime}`,
      );
    }
  }

  /** It has waited since it was shown this state, by an old cache perhaps, and never saw what was written, and undone by a restore, meanwhile. */
  #wasTheSameFor(neededMs: number, { atMs }: Claim, { sameSinceMs }: Writer): boolean {
    const sinceMs = sameSinceMs();
    const isSame = sinceMs <= atMs && atMs <= this.#setBackAtMs();
    if (!isSame || this.#world.nowMs - sinceMs < neededMs - 1) return false;
    this.#world.count('take-overs after writes that a restore has hidden');
    return true;
  }

  #checkTransitions(before: Version | null, after: Version, author: Author): void {
    // After a restore the counts begin again where they were.
    if (this.#isBeyondLimits || this.#setBackAtMs() > -Infinity) return;
    const expected = this.#expectedTransitions(before, after, author);
    if (after.transitions === expected) return;
    const text = `${author.name} wrote ${after.transitions} after ${before?.transitions ?? 'nothing'}, expected ${expected}`;
    this.#world.break('leaseTransitions count holders', text);
  }

  #expectedTransitions(before: Version | null, after: Version, author: Author): number {
    if (before === null) return 0;
    // Whoever blanks a record may count otherwise; its author puts it back, or releases it, with the count of its own term.
    const isOwn = after.holder === '' || this.#termOf(after, author) !== null;
    const term = isOwn ? this.#terms.get(author.name) : undefined;
    if (before.holder === '' && term !== undefined) return term.transitions;
    if (after.holder === '' || before.holder === after.holder) return before.transitions;
    return before.transitions + 1;
  }
}

/** All of it but the version, the successor and what a webhook adds. */
function withoutSuccessor(lease: RawLease): string {
  const { resourceVersion, annotations, labels, ...metadata } = metadataOf(lease);
  const { 'leader-run/successor': successor, ...others } = objectOf(annotations);
  return JSON.stringify({ ...metadata, annotations: others });
}

function claimOf(version: Version, author: Author): Claim {
  const { holder, acquireTime, atMs, leaseDurationMs } = version;
  return { author, holder, acquireTime, atMs, durationMs: leaseDurationMs };
}
