/**
 * Transfer of the lease on request: an annotation asks the leader of a certain term to stop, and its release says who is meant to
 * lead next. Whoever is not meant leaves the free lease to that one for a moment, and then races as ever.
 */
import type { JsonObject } from '../json.ts';
import type { Failure, RawLease } from './lease.ts';
import type { ObservedLease } from './observed-lease.ts';
import { type Annotations, annotationObject, preferredHolderOf, termOf } from './record.ts';
import type { Leading, Releasing } from './state.ts';
import { successorAnnotation, successorIn } from './successor.ts';

/** `{"to","term","by","at"}`, written by who asks. */
export const transferAnnotation = 'leader-run/transfer';

/** `{"to","headStartMs"}`, written by the release. */
export const nextAnnotation = 'leader-run/next';

/** Who is asked for has this long before all others, ms from when they saw the release. */
const longestHeadStartMs = 1_000;

/** The designated successor watches, and is ready: four times what an event takes is enough for its write to be seen by all, or this. */
const shortestHeadStartMs = 50;

/** What is asked of this term's leader; `to` null: that whoever comes first leads. */
export interface TransferRequest {
  readonly to: string | null;
  readonly by: string;
}

/** What came of a request. */
export type TransferResult =
  /** The wanted one leads, or someone else. */
  | { readonly id: 'transferred' | 'other'; readonly holder: string }
  /**
   * Nobody has taken the lease in time; `isReleased`: though it was given back, `isLeaderRun`: who holds it knows such requests, `isLeft`:
   * the request may still be in the Lease.
   */
  | {
      readonly id: 'timeout';
      readonly holder: string;
      readonly isReleased: boolean;
      readonly isLeaderRun: boolean;
      readonly isLeft: boolean;
    }
  | { readonly id: 'no-lease' | 'no-holder' }
  | { readonly id: 'failed'; readonly failure: Failure; readonly isLeft: boolean };

/** The request that the Lease holds for this leader; a request for another term is void. */
export function requestFor({ candidate, tenure }: Leading): TransferRequest | null {
  const { lease, term } = tenure;
  if (lease === null) return null;
  const own = termOf(candidate.identity, term.acquireTime);
  const asked = annotationObject(lease, transferAnnotation);
  const request = asked['term'] === own ? toRequest(asked) : null;
  const preferred = preferredHolderOf(lease);
  const isNews = preferred !== '' && preferred !== term.preferredAtWin;
  const wanted = request ?? (isNews ? { to: preferred, by: 'preferredHolder' } : null);
  return wanted === null || isMeant(wanted.to, candidate.identity) ? null : wanted;
}

/** What the acquiring write removes. */
export const noTransfer: Annotations = {
  [transferAnnotation]: null,
  [nextAnnotation]: null,
  [successorAnnotation]: null,
};

/** What events have taken of late: what is forgotten halves each time, and what makes no difference is none. */
export function echoAfter(beforeMs: number, tookMs: number): number {
  const echoMs = Math.max(tookMs, beforeMs / 2);
  return 4 * echoMs <= shortestHeadStartMs ? 0 : Math.min(echoMs, longestHeadStartMs / 4);
}

/** `echoMs`: what the event of a write has taken of late, which in a crowd on one machine is more than on many. */
export function headStartOf(handsTo: string | null, echoMs: number): number {
  if (handsTo !== null) return longestHeadStartMs;
  return Math.min(Math.max(Math.ceil(4 * echoMs), shortestHeadStartMs), longestHeadStartMs);
}

/** The same for a release over this Lease, which says who is meant: as was asked for, or the successor. */
export function releaseTo(
  { handsTo, headStartMs }: Pick<Releasing, 'handsTo' | 'headStartMs'>,
  lease: RawLease,
): Annotations {
  const to = handsTo ?? successorIn(lease);
  if (to === null) return noTransfer;
  return { ...noTransfer, [nextAnnotation]: JSON.stringify({ to, headStartMs }) };
}

/** The boot-clock instant until which the free lease is left to who is meant; `-Infinity`: it is not. */
export function leftToAnotherUntilMs(observed: ObservedLease, identity: string): number {
  const next = nextIn(observed);
  return next === null || isMeant(next.to, identity) ? -Infinity : next.untilMs;
}

/** Whether the release says that this one is meant: it need not leave the lease to the crowd. */
export function isNext(observed: ObservedLease, identity: string): boolean {
  return isMeant(nextIn(observed)?.to ?? null, identity);
}

/** Who is meant to lead next by the release that is seen, and until when others leave the lease to it (boot clock). */
function nextIn({ current }: ObservedLease): { to: string; untilMs: number } | null {
  if (current.id !== 'present' || !current.isReleased) return null;
  const { to, headStartMs } = annotationObject(current.lease, nextAnnotation);
  if (typeof to !== 'string' || typeof headStartMs !== 'number') return null;
  const untilMs = current.sinceMs + Math.min(Math.max(headStartMs, 0), longestHeadStartMs);
  return { to, untilMs };
}

/** An identity, or the name of a Pod: default identities begin with it. */
export function isMeant(to: string | null, identity: string): boolean {
  return to !== null && (to === identity || identity.startsWith(`${to}_`));
}

function toRequest({ to, by }: JsonObject): TransferRequest {
  return {
    to: typeof to === 'string' && to !== '' ? to : null,
    by: typeof by === 'string' ? by : '',
  };
}
