/** What a run comes to, in figures. */
import { termsOf, type History, type Term } from './history.ts';
import type { Verdict } from './verdict.ts';

/** From the end of one service to the start of the next. */
export interface HandOver {
  readonly from: Term;
  readonly to: Term;
  readonly ms: number;
  /** The lease was released, and did not have to expire. */
  readonly isReleased: boolean;
}

export interface Summary {
  readonly terms: readonly Term[];
  readonly handOvers: readonly HandOver[];
  readonly faults: Readonly<Record<string, number>>;
  readonly violations: Verdict['findings'];
  readonly excused: Readonly<Record<string, number>>;
}

export function summarise(history: History, verdict: Verdict, lock: string): Summary {
  const terms = termsOf(history.processes).filter((term) => term.lock === lock);
  return {
    terms,
    handOvers: terms.slice(1).flatMap((to, index) => handOver(history, terms[index] as Term, to)),
    faults: countBy(history.faults, ({ kind }) => kind),
    violations: verdict.findings.filter(({ excuse }) => excuse === null),
    excused: countBy(
      verdict.findings.filter(({ excuse }) => excuse !== null),
      ({ rule, excuse }) => `${rule}: ${excuse}`,
    ),
  };
}

/** None if the two overlap, or if client-go has led between them. */
function handOver({ writes }: History, from: Term, to: Term): HandOver[] {
  const ms = to.startMs - from.aliveMs;
  const between = writes.filter(
    ({ lock, atMs }) => lock === to.lock && atMs > from.startMs && atMs < to.startMs,
  );
  const others = between.filter(
    ({ holder, maybe }) =>
      !maybe && holder !== '' && holder !== from.identity && holder !== to.identity,
  );
  if (ms < 0 || others.length > 0) return [];
  const released = between.some(({ holder, user }) => holder === '' && user === from.candidate);
  return [{ from, to, ms, isReleased: released }];
}

/** A finding's text without the digits that mean nothing. */
export function readable(text: string): string {
  return text.replaceAll(/\d+\.\d+(?= ms)/g, (ms) => Number(ms).toFixed(1));
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export function describe(history: History, verdict: Verdict, lock: string): string {
  const { terms, handOvers, faults, violations, excused } = summarise(history, verdict, lock);
  const times = (name: string, of: readonly HandOver[]) => {
    const ms = of.map((each) => each.ms);
    const at = (share: number) => `${Math.round(percentile(ms, share))} ms`;
    return `  ${name}: ${ms.length}, p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`;
  };
  const gapMs = Math.max(0, ...history.gaps.map(({ fromMs, toMs }) => toMs - fromMs));
  return [
    `${terms.length} terms, ${history.processes.length} processes, ${history.writes.length} writes`,
    times(
      'hand-overs by a release',
      handOvers.filter(({ isReleased }) => isReleased),
    ),
    times(
      'by expiry',
      handOvers.filter(({ isReleased }) => !isReleased),
    ),
    `faults: ${list(faults)}`,
    `judged: ${list(verdict.judged)}; undecided: ${verdict.undecided}`,
    `excused: ${list(excused)}`,
    `the observer stood still ${history.gaps.length} times, ${Math.round(gapMs)} ms at most`,
    `violations: ${violations.length}`,
    ...violations.map(
      ({ rule, atMs, text }) => `  ${rule}, at ${(atMs / 1000).toFixed(3)} s: ${readable(text)}`,
    ),
  ].join('\n');
}

function countBy<T>(all: readonly T[], name: (each: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of all) counts[name(each)] = (counts[name(each)] ?? 0) + 1;
  return counts;
}

function list(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
