/** What a standby reports of what it sees: the holder that it waits for, and why. */
import { type Doubt, isOlder } from './doubts.ts';
import { type ObservedLease, type PresentLease, freeAtMs, holderOf } from './observed-lease.ts';
import { askedDurationMs, compareResourceVersions, resourceVersionOf } from './record.ts';
import type { RawLease } from './lease.ts';
import type { Standby } from './state.ts';
import type { Turn } from './turn.ts';

/** Reports the holder that we wait for, and each change of holder. */
export function reportHolder(standby: Standby, holder: string | null, turn: Turn): void {
  const before = holderOf(standby.observed);
  if (holder === before) return;
  if (before !== null) turn.report({ id: 'holder-changed', from: before, to: holder });
  else if (holder !== null) turn.report({ id: 'waiting', holder });
}

/** Reports for whom we wait though there is no Lease. */
export function reportAbsence(standby: Standby, observed: ObservedLease, turn: Turn): void {
  reportHolder(standby, holderOf(observed), turn);
  reportWaitForDoubt(standby.observed, observed, turn);
}

/** Reports the holder that we wait for although the server shows that someone else, or nobody, held the lease. */
export function reportDoubt(
  { observed: before }: Standby,
  observed: ObservedLease & { current: PresentLease },
  turn: Turn,
): void {
  const { doubts, current } = observed;
  const begun = doubts.filter(
    (each) => !before.doubts.includes(each) && isOlder(current.lease, each.by),
  );
  if (begun.length === 0) return reportWaitForDoubt(before, observed, turn);
  reportWentBack(observed, newestOf(before, begun), resourceVersionOf(current.lease), turn);
}

/** Reports the holder that is waited for where an event of an older state has put someone in doubt who was not. */
export function reportOlderEvent(
  { observed: before }: Standby,
  observed: ObservedLease & { current: PresentLease },
  lease: RawLease,
  turn: Turn,
): void {
  const begun = observed.doubts.find((each) => !before.doubts.includes(each));
  const isKnown = (each: Doubt) => isPending(each, turn) && each.by.term === begun?.by.term;
  if (begun === undefined || before.doubts.some(isKnown)) return;
  const newestVersion = resourceVersionOf(observed.current.lease);
  reportWentBack(observed, newestVersion, resourceVersionOf(lease), turn);
}

function reportWentBack(
  { doubts }: ObservedLease,
  newestVersion: string,
  shownVersion: string,
  turn: Turn,
): void {
  const longest = longestOf(doubts);
  if (longest === undefined) return;
  const waitsMs = longest.untilMs - turn.nowMs;
  turn.report({ id: 'went-back', holder: longest.by.holder, newestVersion, shownVersion, waitsMs });
}

function isPending({ untilMs }: Doubt, { nowMs }: Turn): boolean {
  return untilMs > nowMs;
}

function longestOf(doubts: readonly Doubt[]): Doubt | undefined {
  return doubts.toSorted((a, b) => b.untilMs - a.untilMs)[0];
}

/** The newest version that was known before; after a term, that of another. */
function newestOf({ current, lastHolder }: ObservedLease, begun: readonly Doubt[]): string {
  if (current.id === 'present') return resourceVersionOf(current.lease);
  const others = [...begun.map(({ by }) => by), ...(lastHolder === null ? [] : [lastHolder])];
  const versions = others.map(({ resourceVersion }) => resourceVersion);
  return versions.toSorted((a, b) => compareResourceVersions(b, a) ?? 0)[0] ?? '';
}

/** Reports, once for each release that is seen, why the lease is not taken although it is free. */
function reportWaitForDoubt(before: ObservedLease, observed: ObservedLease, turn: Turn): void {
  const isKnown = before.lastHolder === null && before.doubts.some((each) => isPending(each, turn));
  const last = longestOf(observed.doubts.filter((each) => isPending(each, turn)));
  if (isKnown || observed.lastHolder !== null || last === undefined) return;
  turn.report({
    id: 'doubted',
    holder: last.by.holder,
    waitsMs: last.untilMs - turn.nowMs,
  });
}

/** Reports, once, that a record which someone has cleared asks us to wait for longer than we do. */
export function reportBound(
  { observed: before, candidate }: Standby,
  observed: ObservedLease & { current: PresentLease },
  turn: Turn,
): void {
  const { lease, record, isReleased, sinceMs } = observed.current;
  if (isReleased || record.holder !== '') return;
  const askedMs = askedDurationMs(lease);
  const isKnown =
    before.current.id === 'present' &&
    before.current.record.holder === '' &&
    askedDurationMs(before.current.lease) === askedMs;
  const endsAtMs = freeAtMs(observed, candidate.leaseDurationMs);
  if (isKnown || sinceMs + askedMs <= endsAtMs) return;
  turn.report({ id: 'wait-bounded', askedMs, waitsMs: endsAtMs - turn.nowMs });
}
