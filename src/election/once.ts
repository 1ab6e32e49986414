/**
 * `--once`: whether this run is needless, and what is remembered of it. A start is remembered by the write that acquires, a success by
 * the one that releases, so that nothing lies between the deed and its record.
 */
import type { RawLease } from './lease.ts';
import { type Annotations, type SentRecord, readRecord, resourceVersionOf } from './record.ts';
import { isWrite } from './sent-record.ts';
import type { Outcome } from './report.ts';
import {
  type Run,
  findDone,
  hasRunAhead,
  mayHaveForgotten,
  readRuns,
  runsAnnotation,
  withRun,
  withoutStart,
} from './runs.ts';
import type {
  Candidate,
  Leading,
  Losing,
  Rejoin,
  Remembering,
  Standby,
  SteppingDown,
  Term,
} from './state.ts';
import { type Tenured, isLive } from './term.ts';
import { timeOf } from './time.ts';
import type { Turn } from './turn.ts';

/** What the Lease says of our run. */
export type Need =
  | { readonly id: 'needed' }
  | { readonly id: 'done'; readonly run: Run }
  /** Whether it is done cannot be told. */
  | {
      readonly id: 'unknown';
      readonly why: 'runs-unreadable' | 'runs-forgotten' | 'runs-ahead' | 'no-server-time';
    };

/** Judges what was seen last: the very version that an acquiring write would name. */
export function needOf(standby: Standby, turn: Turn): Need {
  const { candidate, observed, serverAheadMs } = standby;
  const { once = null } = candidate;
  const { current } = observed;
  if (once === null || current.id === 'nothing') return { id: 'needed' };
  const runs = runsSeen(standby, current.id === 'present' ? current.lease : null);
  if (runs === null) return { id: 'unknown', why: 'runs-unreadable' };
  // A key needs no clock.
  if (serverAheadMs === null && once.id === 'period')
    return { id: 'unknown', why: 'no-server-time' };
  const serverMs = (serverAheadMs ?? 0) + turn.nowMs;
  const run = findDone(once, runs, serverMs);
  if (run !== null) return { id: 'done', run };
  if (once.id === 'period' && hasRunAhead(runs, serverMs))
    return { id: 'unknown', why: 'runs-ahead' };
  const mayBeForgotten = once.id === 'key' && standby.mayHaveMissedRuns;
  return mayBeForgotten ? { id: 'unknown', why: 'runs-forgotten' } : { id: 'needed' };
}

/** Whether runs may have been remembered and forgotten again before this look at the Lease, or an earlier one. */
export function mayHaveMissedRuns(standby: Standby, lease: RawLease): boolean {
  const { candidate, observed, beganAtMs, serverAheadMs } = standby;
  const runs = readRuns(lease);
  if (standby.mayHaveMissedRuns || (candidate.once ?? null) === null || runs === null)
    return standby.mayHaveMissedRuns;
  const { current } = observed;
  const before = current.id === 'present' ? readRuns(current.lease) : null;
  return mayHaveForgotten(runs, before, beganAtMs + (serverAheadMs ?? Infinity));
}

/** What an acquiring write says of runs: that this one starts, if starts count. */
export function startAnnotations(
  standby: Standby,
  lease: RawLease | null,
  turn: Turn,
): Annotations {
  const { once = null } = standby.candidate;
  if (once?.counts !== 'start') return {};
  const run = runFrom(standby, turn.nowMs, null, turn);
  return { [runsAnnotation]: withRun(runsSeen(standby, lease) ?? [], run) };
}

/** Whether an attempt that is stored has its start with it: a webhook may have taken that away, and then another could run, too. */
export function isStartRecorded({ once, identity }: Candidate, lease: RawLease): boolean {
  if (once?.counts !== 'start') return true;
  const [newest] = readRuns(lease) ?? [];
  return newest?.by === identity && newest.token === null;
}

/** The runs that the Lease remembers, without the start that one of our own attempts has left which never led. */
function runsSeen(
  { candidate: { once, identity }, unanswered }: Standby,
  lease: RawLease | null,
): readonly Run[] | null {
  const runs = readRuns(lease);
  if (lease === null || runs === null || once?.counts !== 'start') return runs;
  const record = readRecord(lease);
  return unanswered.some((sent) => isWrite(record, sent)) ? withoutStart(runs, identity) : runs;
}

/** Our run, as it is remembered if it counts; null: runs are not remembered. */
export function runsOfTerm(
  standby: Standby,
  sent: SentRecord,
  lease: RawLease,
  turn: Turn,
): Term['runs'] {
  const { once = null, identity } = standby.candidate;
  if (once === null) return null;
  const stored = readRuns(lease) ?? [];
  const [newest, ...earlier] = stored;
  const token = resourceVersionOf(lease);
  if (once.counts === 'start' && newest?.by === identity && newest.token === null)
    return { own: { ...newest, token }, earlier };
  return { own: runFrom(standby, sent.sentAtMs, token, turn), earlier: stored };
}

/** What a Lease that is created again in the same term says of runs: what was known of them. */
export function restoredAnnotations({ candidate, tenure: { term } }: Tenured): Annotations {
  if (term.runs === null) return {};
  const { own, earlier } = term.runs;
  if (candidate.once?.counts === 'start')
    return { [runsAnnotation]: withRun(earlier, { ...own, token: null }) };
  return earlier.length === 0 ? {} : { [runsAnnotation]: JSON.stringify(earlier) };
}

/** A term that ends. */
type Ending = Leading | SteppingDown | Losing;

/** What the release after a term says of our run. */
export function rememberingOf(state: Ending, outcome: Outcome | Rejoin): Remembering | null {
  const { candidate, tenure, command } = state;
  const { runs } = tenure.term;
  if (runs === null) return null;
  const { own: run, earlier } = runs;
  if (candidate.once?.counts === 'success')
    return hasSucceeded(outcome)
      ? { id: wasStopped(state) ? 'stopped' : 'success', run, earlier }
      : null;
  return isLive(command) ? { id: 'end', run, earlier } : { id: 'withdraw' };
}

/** What the release after a candidacy says: an attempt of ours that has won was a start that came to nothing. */
export function rememberingOfCandidacy({ candidate }: Standby): Remembering | null {
  return candidate.once?.counts === 'start' ? { id: 'withdraw' } : null;
}

/** The same for the release over this Lease. What cannot be read any more gives way to what was known before. */
export function releaseAnnotations(
  remembering: Remembering | null,
  identity: string,
  lease: RawLease,
): Annotations {
  if (remembering === null || remembering.id === 'stopped') return {};
  const stored = readRuns(lease);
  if (remembering.id !== 'withdraw')
    return { [runsAnnotation]: withRun(stored ?? remembering.earlier, remembering.run) };
  // What cannot be read is not ours.
  if (stored === null) return {};
  const kept = withoutStart(stored, identity);
  return { [runsAnnotation]: kept.length === 0 ? null : JSON.stringify(kept) };
}

/** What a Lease that another holds by now says of our run: a release that has landed, and whose answer was lost. */
export function fateIn(lease: RawLease, remembering: Remembering | null): Fate {
  if (remembering?.id !== 'success') return 'not-ours';
  const { by, token } = remembering.run;
  const isOurs = (run: Run) => run.by === by && run.token === token;
  return readRuns(lease)?.some(isOurs) === true ? 'recorded' : 'not-ours';
}

/** What became of the record of a success: it is stored, or not, so that the run will be repeated. */
export type Fate = 'recorded' | 'not-ours' | 'unconfirmed';

/** Says whether a run that ended with 0 is remembered. One that leader-run stopped is not: it may have left its work half done. */
export function reportRun(remembering: Remembering | null, fate: Fate, turn: Turn): void {
  if (remembering?.id !== 'success' && remembering?.id !== 'stopped') return;
  const { key } = remembering.run;
  if (remembering.id === 'stopped') turn.report({ id: 'not-recorded', key, why: 'stopped' });
  else if (fate === 'recorded') turn.report({ id: 'recorded', key });
  else turn.report({ id: 'not-recorded', key, why: fate });
}

/** Whether leader-run had begun to stop the command before it ended. */
export function wasStopped(state: Ending): boolean {
  if (state.id === 'losing') return state.wasStopped;
  return state.id === 'stepping-down' && state.cause.id !== 'own-end';
}

function hasSucceeded(outcome: Outcome | Rejoin): boolean {
  return outcome.id === 'command' && outcome.ending.id === 'exited' && outcome.ending.code === 0;
}

/** By the server's clock; by our own where it does not say. */
function runFrom(
  { candidate, serverAheadMs }: Standby,
  bootMs: number,
  token: string | null,
  { at }: Turn,
): Run {
  const { once = null, identity } = candidate;
  const startMs = bootMs + (serverAheadMs ?? at.wallMs - at.bootMs);
  const key = once?.id === 'key' ? once.key : '';
  return { key, start: timeOf(startMs), by: identity, token };
}
