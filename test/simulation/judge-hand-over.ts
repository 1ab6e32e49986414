/**
 * G4: where nothing is slow or lost, a released lease is taken at once and an expired one as soon as it expires, if
 * someone stands by.
 */
import type { RawLease } from '../../src/election/lease.ts';
import { metadataOf, objectOf, textOf } from './fields.ts';
import type { Author, Version } from './server.ts';
import type { World } from './world.ts';

/** A candidate that could take the lease. */
export interface Standby {
  readonly name: string;
  readonly leaseDurationMs: number;
  /** True time since when it has stood by, able to react. */
  readonly sinceMs: number;
}

/** A standby that began so long ago has read, and watches. */
const settledMs = 2_000;
/** Two messages each way, and late timers. */
const handOverMs = 60;
/** A release may leave the lease to its successor for four times what an event takes: two messages, and late timers. */
const longestHeadStartMs = 4 * handOverMs;
/** The longest pause of one that lost races before. */
const longestPauseMs = 1024;

export class HandOverJudge {
  readonly #world: World;
  readonly #standbys: () => readonly Standby[];
  readonly #racesLost: (author: Author) => number;
  #last: Version | null = null;
  #lastAuthor: Author | null = null;

  constructor(
    world: World,
    standbys: () => readonly Standby[],
    racesLost: (author: Author) => number,
  ) {
    this.#world = world;
    this.#racesLost = racesLost;
    this.#standbys = standbys;
  }

  onCommit(after: Version, author: Author): void {
    const last = this.#last;
    if (author.kind === 'hand' || after.write === last?.write) return;
    // What client-go empties may be another's, so that no candidate takes it at once.
    const isBlank = last?.holder === '' && this.#lastAuthor?.kind === 'client-go';
    if (last !== null && after.holder !== '' && author !== this.#lastAuthor && !isBlank) {
      this.#check(last, author);
    }
    this.#last = after;
    this.#lastAuthor = author;
  }

  #check(last: Version, taker: Author): void {
    const ready = this.#standbys().filter(
      ({ name, sinceMs }) => name === taker.name && sinceMs <= last.atMs - settledMs,
    );
    const gapMs = this.#world.nowMs - last.atMs;
    for (const { leaseDurationMs } of ready) {
      const isRelease = last.holder === '';
      const waitMs = isRelease ? 0 : Math.max(leaseDurationMs, last.leaseDurationMs);
      this.#world.peak(`most ms beyond the ${isRelease ? 'release' : 'expiry'}`, gapMs - waitMs);
      const headStartMs = Math.min(headStartOfOthersMs(last.lease, taker), longestHeadStartMs);
      if (gapMs <= waitMs + headStartMs + handOverMs + this.#pauseMs(taker)) continue;
      const what = isRelease ? 'release' : 'last renewal';
      const text = `${taker.name} took the lease ${gapMs.toFixed(0)} ms after the ${what}`;
      this.#world.break('G4', text);
    }
  }

  #pauseMs(taker: Author): number {
    const lost = this.#racesLost(taker);
    if (lost < 2) return 4 * lost;
    // From the third write in a row on they keep the pauses of failed attempts: 100 ms at most, then twice as much each time.
    return Math.min(100 * 2 ** (lost - 2), longestPauseMs);
  }
}

/** For how long the release leaves the lease to another, as it says; a term has its identity's name, or that of the process. */
function headStartOfOthersMs(lease: RawLease, { name }: Author): number {
  const next = textOf(objectOf(metadataOf(lease)['annotations'])['leader-run/next']);
  if (next === '' || next.includes(JSON.stringify(name))) return 0;
  return Number(objectOf(JSON.parse(next))['headStartMs']);
}
