/**
 * Transfer of the lease on request: an annotation asks the leader of a certain term to stop, and its release says who is meant to
 * lead next. Whoever is not meant leaves the free lease to that one for a moment, and then races as ever.
 */
import type { JsonValue } from '../json.ts';
import type { Failure } from './lease.ts';
import type { ObservedLease } from './observed-lease.ts';
import { type Annotations, annotationOf, preferredHolderOf, termOf } from './record.ts';
import type { Leading } from './state.ts';

/** `{"to","term","by","at"}`, written by who asks. */
export const transferAnnotation = 'leader-run/transfer';

/** `{"to","untilMs"}`, written by the release. */
export const nextAnnotation = 'leader-run/next';

/** Who is meant has this long before all others, ms from when they saw the release. */
const headStartMs = 1_000;

/** What is asked of this term's leader; `to` null: that whoever comes first leads. */
export interface TransferRequest {
  readonly to: string | null;
  readonly by: string;
}

/** What came of a request. */
export type TransferResult =
  /** The wanted one leads, or someone else. */
  | { readonly id: 'transferred' | 'other'; readonly holder: string }
  /** Nobody has taken the lease in time; `isReleased`: though it was given back, `isLeaderRun`: who holds it knows such requests. */
  | {
      readonly id: 'timeout';
      readonly holder: string;
      readonly isReleased: boolean;
      readonly isLeaderRun: boolean;
    }
  | { readonly id: 'no-lease' | 'no-holder' }
  | { readonly id: 'failed'; readonly failure: Failure };

/** The request that the Lease holds for this leader; a request for another term is void. */
export function requestFor({ candidate, tenure }: Leading): TransferRequest | null {
  const { lease, term } = tenure;
  if (lease === null) return null;
  const own = termOf(candidate.identity, term.acquireTime);
  const asked = readObject(annotationOf(lease, transferAnnotation));
  const request = asked?.['term'] === own ? toRequest(asked) : null;
  const preferred = preferredHolderOf(lease);
  const isNews = preferred !== '' && preferred !== term.preferredAtWin;
  const wanted = request ?? (isNews ? { to: preferred, by: 'preferredHolder' } : null);
  return wanted === null || isMeant(wanted.to, candidate.identity) ? null : wanted;
}

/** What the acquiring write and the release remove, and what the release says. */
export function transferAnnotations(handsTo: string | null): Annotations {
  const next = handsTo === null ? null : JSON.stringify({ to: handsTo, untilMs: headStartMs });
  return { [transferAnnotation]: null, [nextAnnotation]: next };
}

/** The boot-clock instant until which the free lease is left to who is meant; `-Infinity`: it is not. */
export function leftToAnotherUntilMs({ current }: ObservedLease, identity: string): number {
  if (current.id !== 'present' || !current.isReleased) return -Infinity;
  const next = readObject(annotationOf(current.lease, nextAnnotation));
  const { to, untilMs } = next ?? {};
  if (typeof to !== 'string' || typeof untilMs !== 'number' || isMeant(to, identity))
    return -Infinity;
  return current.sinceMs + Math.min(Math.max(untilMs, 0), headStartMs);
}

/** An identity, or the name of a Pod: default identities begin with it. */
export function isMeant(to: string | null, identity: string): boolean {
  return to !== null && (to === identity || identity.startsWith(`${to}_`));
}

function toRequest({ to, by }: Record<string, unknown>): TransferRequest {
  return {
    to: typeof to === 'string' && to !== '' ? to : null,
    by: typeof by === 'string' ? by : '',
  };
}

function readObject(value: JsonValue | undefined): Record<string, unknown> | null {
  if (typeof value !== 'string') return null;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' ? (parsed as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
