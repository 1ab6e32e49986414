/** The end of the demo: a chart of who worked when, what was measured, and whether every promise held. */
import { termsOf } from '../../test/fixtures/judge.ts';
import type { Replica } from './replica.ts';
import { beganAtMs, coloured, print, styled } from './screen.ts';

/** Something promised: what was measured of it, and whether that is as promised. */
export interface Check {
  readonly name: string;
  readonly measured: string;
  /** What was measured, and what is promised. */
  readonly meaning: string;
  readonly holds: boolean;
}

const columns = 60;
const nameColumns = 8;

/** One row for each replica, one column for a moment: when its workers were alive, by their own words. */
export function printChart(replicas: readonly Replica[]): void {
  const endMs = Math.max(...replicas.flatMap(({ lines }) => lines.map(({ atMs }) => atMs)));
  const stepMs = Math.max(endMs - beganAtMs, 1) / columns;
  print();
  for (const { name, lines } of replicas) {
    const terms = termsOf(lines);
    const isAlive = (column: number): boolean => {
      const atMs = beganAtMs + column * stepMs;
      return terms.some((term) => term.startMs < atMs + stepMs && term.endMs >= atMs);
    };
    const row = Array.from({ length: columns }, (_, column) => (isAlive(column) ? '█' : '·'));
    print(`  ${coloured(name, name.padEnd(nameColumns) + row.join(''))}`);
  }
  const seconds = `${((endMs - beganAtMs) / 1_000).toFixed(0)} s`;
  print(`  ${''.padEnd(nameColumns)}0 s${seconds.padStart(columns - 3)}`);
}

/** One row for each promise. Returns whether all held. */
export function printChecks(checks: readonly Check[]): boolean {
  print();
  for (const { name, measured, meaning, holds } of checks) {
    const verdict = holds ? styled('green', 'kept') : styled('red', 'BROKEN');
    print(`  ${name.padEnd(12)}${measured.padStart(8)}  ${verdict}  ${styled('dim', meaning)}`);
  }
  const broken = checks.filter(({ holds }) => !holds);
  print();
  print(
    broken.length === 0
      ? styled('green', 'Every promise was kept.')
      : styled('red', `Broken: ${broken.map(({ name }) => name).join(', ')}.`),
  );
  return broken.length === 0;
}
