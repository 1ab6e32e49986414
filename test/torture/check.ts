/**
 * The judge of a run of torture, without anything of leader-run. A finding is proven: a process counts as alive until it was
 * last seen so, and a renewal as sent when the API server received it. What remains open is counted as undecided.
 */
import {
  candidateOf,
  termsOf,
  type Fault,
  type Gap,
  type History,
  type Term,
  type Write,
} from './history.ts';
import type { Finding, Verdict } from './verdict.ts';

/** For timers and signals, and for a guard that reads all of /proc. */
const slackMs = 250;
/** Between the clock of the audit log and that of the stamps. */
const clockMs = 1;
/** docs/guarantees.md, limit 1: how long two run at once when someone edits the Lease. */
const editedMs = 1_000;
/** G2: how long the tree lives after its machine has woken. */
const wakingMs = 250;
/** G1: how long two run at once after a restore: a retry period (replica.ts) and a second. */
const restoredMs = 2_000;
/** For how long after an edit, and after a restore, candidates act by it: a restored lease may have to expire. */
const effectMs = { edit: 5_000, restore: 15_000 };
/** What cuts a candidate off. */
const cuts = /^(freeze|late|slow|half|cut|twice|rights|api|etcd|restore)/;

export function check(history: History): Verdict {
  const court = new Court(history);
  const terms = termsOf(history.processes);
  for (const lock of new Set(terms.map((term) => term.lock))) {
    const own = terms.filter((term) => term.lock === lock);
    const writes = history.writes.filter((write) => write.lock === lock);
    own.forEach((term, index) => {
      judgeStart(court, term, own.slice(0, index));
      judgeDeadlines(court, term, writes, own);
    });
    writes.forEach((write, index) => judgeWrite(court, write, writes.slice(0, index), own));
  }
  judgeLabels(court);
  judgeEnd(court);
  return court;
}

class Court implements Verdict {
  readonly findings: Finding[] = [];
  readonly judged: Record<string, number> = {};
  undecided = 0;
  readonly history: History;

  constructor(history: History) {
    this.history = history;
  }

  judge(rule: string, holds: boolean, atMs: number, text: string, excuse?: () => string | null) {
    this.judged[rule] = (this.judged[rule] ?? 0) + 1;
    if (!holds) this.findings.push({ rule, atMs, text, excuse: excuse?.() ?? null });
  }

  fault(kinds: RegExp, target: string, fromMs: number, toMs: number): Fault | undefined {
    return this.history.faults
      .filter((each) => each.target === target || each.target === '')
      .find((each) => kinds.test(each.kind) && each.fromMs <= toMs && each.toMs >= fromMs);
  }

  wasRestored(atMs: number, fromMs = atMs - effectMs.restore): string | null {
    return this.fault(/^restore$/, '', fromMs, atMs) ? 'etcd was restored' : null;
  }

  /** Suspended when it should have been dead, and dead soon after it woke. */
  wasPaused({ candidate, aliveMs }: Term, dueMs: number): string | null {
    const wokeMs = this.fault(/^suspend$/, candidate, dueMs - slackMs, dueMs)?.toMs ?? -Infinity;
    const byMs = wokeMs + wakingMs + slackMs + this.gapsMs(wokeMs, aliveMs);
    return aliveMs <= byMs ? 'its machine was paused' : null;
  }

  /** How long the machine stood still. */
  gapsMs(fromMs: number, toMs: number): number {
    const within = (gap: Gap) => Math.min(gap.toMs, toMs) - Math.max(gap.fromMs, fromMs);
    return this.history.gaps.reduce((sum, gap) => sum + Math.max(0, within(gap)), 0);
  }
}

function judgeStart(court: Court, term: Term, earlier: readonly Term[]): void {
  const { lock, startMs, token, key, name } = term;
  const editedFromMs = startMs - effectMs.edit;
  const wasEdited = () => court.fault(/^(edit|empty|delete)$/, lock, editedFromMs, startMs);
  for (const other of earlier) {
    const byMs = other.aliveMs - startMs;
    if (byMs <= 0 && other.deadMs > startMs) court.undecided += 1;
    const text = `${name} began ${byMs} ms before the end of ${other.name}`;
    court.judge('one at a time', byMs <= 0, startMs, text, () => {
      if (byMs <= editedMs + slackMs && wasEdited()) return 'edited by hand';
      const restored = byMs <= restoredMs + slackMs ? court.wasRestored(startMs) : null;
      return restored ?? court.wasPaused(other, startMs);
    });
  }
  const highest = earlier.toSorted((a, b) => b.token - a.token)[0];
  const text = `${name} came after ${highest?.token}`;
  // Versions begin again where the backup ended, and reach those of before at some time.
  court.judge('tokens grow', token > (highest?.token ?? 0), startMs, text, () =>
    court.wasRestored(startMs, highest?.startMs),
  );
  if (!key.startsWith('start-')) return;
  const first = earlier.find((other) => other.key === key);
  court.judge('once', !first, startMs, `${name} starts ${key} again`, () =>
    court.wasRestored(startMs, first?.startMs),
  );
}

function judgeDeadlines(court: Court, term: Term, writes: readonly Write[], terms: Term[]): void {
  const { candidate, identity, token, startMs, aliveMs, name } = term;
  const tokens = terms.filter((each) => each.identity === identity).map((each) => each.token);
  const next = Math.min(...tokens.filter((each) => each > token));
  const ours = writes.filter(({ user }) => user === candidate);
  const own = ours.filter(({ holder, version }) => holder === identity && version < next);
  const leaseMs = own.at(-1)?.leaseMs;
  if (leaseMs === undefined) return;
  const maybes = ours.filter(({ maybe, atMs }) => maybe && atMs > startMs && atMs < aliveMs);
  const sentMs = Math.max(...[...own, ...maybes].map(({ atMs }) => atMs));
  const deadByMs = sentMs + 0.99 * leaseMs - 1_000 + slackMs + court.gapsMs(sentMs, aliveMs);
  const lived = `${name} lived on for ${aliveMs - deadByMs} ms`;
  const wasPaused = () => court.wasPaused(term, deadByMs);
  court.judge('dead in time', aliveMs <= deadByMs, deadByMs, lived, wasPaused);

  const stopMs = sentMs + court.history.renewFraction * leaseMs + slackMs;
  const main = term.processes.find(({ isMain }) => isMain);
  // leader-run sends it, so only while that can run; and a command that is stopped hears nothing.
  const isHeld = court.fault(/^(stop|kill|suspend|stop-command)$/, candidate, sentMs, stopMs);
  if (main === undefined || main.aliveMs <= stopMs || isHeld) return;
  const toldMs = (main.termMs ?? Infinity) - court.gapsMs(sentMs, stopMs);
  court.judge('stopped in time', toldMs <= stopMs, stopMs, `${name}: ${toldMs - stopMs} ms late`);
}

function judgeWrite(court: Court, write: Write, before: readonly Write[], terms: readonly Term[]) {
  const { atMs, user, version, holder } = write;
  const last = before.findLast((other) => !other.maybe);
  if (write.maybe || last === undefined) return;
  judgeRuns(court, write, last, terms);
  const term = terms.findLast((each) => each.identity === last.holder && each.token <= version);
  if (holder === '' && term?.candidate === user) {
    const byMs = term.aliveMs - atMs - clockMs;
    court.judge('release last', byMs <= 0, atMs, `${term.name} lived on for ${byMs} ms`);
  }
  // A write that nobody knows of may have been a release. client-go's candidates, which run no command, are not judged.
  const taker = terms.find((each) => each.identity === holder && each.candidate === user);
  // Labels and requests of an administrator are no renewals, and take nothing.
  const theirs = candidateOf(last.holder ?? '');
  const renewed = before.findLast((each) => each.holder === last.holder && each.user === theirs);
  if (taker === undefined || last.holder === holder) return;
  if (before.at(-1) !== last || renewed === undefined) return;
  const earlyMs = renewed.atMs + renewed.leaseMs - atMs - clockMs;
  const text = `${holder} took the lease of ${last.holder} ${earlyMs} ms before its end`;
  // A deletion has no version, and may have landed after a write that was received later.
  const wasDeleted = () => court.fault(/^delete$/, write.lock, renewed.atMs, atMs);
  const excuse = () => (wasDeleted() ? 'deleted by hand' : court.wasRestored(atMs));
  court.judge('not taken early', earlyMs <= 0, atMs, text, excuse);
}

/** What is recorded to have succeeded has done so before, and is not run again. */
function judgeRuns(court: Court, { atMs, runs }: Write, last: Write, terms: readonly Term[]): void {
  for (const { key, token } of runs) {
    const isNew = !last.runs.some((run) => run.key === key && run.token === token);
    if (!isNew || !key.startsWith('success-')) continue;
    const run = terms.find((term) => term.token === Number(token));
    const end = run?.processes.find(({ isMain }) => isMain)?.end;
    const hasSucceeded = end?.status === 0 && end.atMs <= atMs + clockMs;
    court.judge('once', hasSucceeded, atMs, `${key} was recorded before its success`);
    const again = terms.find((term) => term.key === key && term.startMs > atMs + clockMs);
    const excuse = () => court.wasRestored(again?.startMs ?? atMs, atMs);
    court.judge('once', !again, atMs, `${key} was run again: ${again?.name}`, excuse);
  }
}

/** A Pod that gets the label is the only one that has it. It takes the one before off first, if it is not cut off. */
function judgeLabels(court: Court): void {
  const labelled = new Map<string, number>();
  for (const { atMs, pod, isLabelled } of court.history.labels) {
    if (isLabelled === null) labelled.clear();
    else labelled.delete(pod);
    if (isLabelled !== true) continue;
    const [[stale, sinceMs] = ['', atMs]] = labelled;
    const wasCut = () => (court.fault(cuts, pod, sinceMs, atMs) ? 'cut off' : null);
    court.judge('one label', stale === '', atMs, `${stale} has the label beside ${pod}`, wasCut);
    labelled.clear();
    labelled.set(pod, atMs);
  }
}

function judgeEnd(court: Court): void {
  const { processes, left } = court.history;
  if (left === null) return;
  for (const { identity, token, deadMs, startMs } of processes)
    court.judge('nothing left', deadMs < Infinity, startMs, `a process of ${identity}, ${token}`);
  for (const each of left) court.judge('nothing left', false, Infinity, each);
}
