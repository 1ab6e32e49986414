/** What leader-run wants to reach, as ratios within one run, and whether it did. */
import type { Crowds } from './crowd.ts';
import type { Operated } from './operated.ts';
import type { Results } from './results.ts';
import { medianOf, summarise } from './statistics.ts';

export interface Goal {
  readonly figure: string;
  readonly goal: string;
  readonly measured: string;
  readonly isReached: boolean;
}

export function judgeGoals(results: Results): Goal[] {
  return [
    ...handOverGoals(results),
    ...crowdGoals(results),
    ...otherGoals(results),
    ...operatedGoals(results.operated),
  ];
}

function handOverGoals({ handOvers: { took } }: Results): Goal[] {
  const ours = summarise(took['leader-run']);
  const floorMs = medianOf(took.floor);
  const [p50, p99] = [ours?.p50 ?? NaN, ours?.p99 ?? NaN];
  return [
    atMost('hand-over p50 / raw floor', p50 / floorMs, 1.6),
    atMost('hand-over p50 / etcdctl lock', p50 / medianOf(took.etcdctl), 4),
    atLeast('client-go wrapper / hand-over p50', medianOf(took.wrapper) / p50, 100),
    atMost('hand-over p99 / raw floor', p99 / floorMs, 3),
  ];
}

export function crowdGoals({ crowds: { one, many, standbys } }: Pick<Results, 'crowds'>): Goal[] {
  const ms = (handOvers: Crowds['one']) => medianOf(handOvers.map((each) => each.ms));
  const writes = Math.max(...many.map((each) => each.writes));
  return [
    atMost(`hand-over among ${standbys} standbys / with one`, ms(many) / ms(one), 2),
    atMost(
      `first hand-over among ${standbys} standbys / with one`,
      (many[0]?.ms ?? NaN) / ms(one),
      2,
    ),
    atMost(`writes per hand-over among ${standbys} standbys, at most`, writes, 6, ''),
  ];
}

function otherGoals({ startUps, idle, crashes, forced }: Results): Goal[] {
  const overshoot = summarise(crashes['leader-run'].map(({ overshootMs }) => overshootMs));
  const { leader, standby } = idle['leader-run'];
  const startMs = medianOf(startUps.programs['leader-run']);
  return [
    atMost('take-over beyond L, p99', overshoot?.p99 ?? NaN, 50, ' ms'),
    atMost('forced transition → command told, p50', medianOf(forced['leader-run']), 50, ' ms'),
    atMost('requests of a standby per minute', standby.requestsPerMinute ?? NaN, 1, ''),
    atMost('start → command / node -e 0', startMs / medianOf(startUps.node), 4),
    atMost('idle RSS of a leader, guard included / node', leader.rssMb / idle.node.rssMb, 1.4),
    atMost('idle RSS of a standby, guard included / node', standby.rssMb / idle.node.rssMb, 1.4),
  ];
}

export function operatedGoals({ startUps, handOvers, rssMb }: Operated): Goal[] {
  const addedMb = medianOf(rssMb.http) - medianOf(rssMb.plain);
  return [
    atMost('start → command, with / without --http', ratioOf(startUps), 1.05),
    atMost('hand-over p50, with / without --http', ratioOf(handOvers), 1.05),
    atMost('RSS of a leader, with less without --http', addedMb, 4, ' MB'),
  ];
}

function ratioOf({ http, plain }: Operated['startUps']): number {
  return medianOf(http) / medianOf(plain);
}

function atMost(figure: string, value: number, limit: number, unit = ' ×'): Goal {
  const measured = `${value.toFixed(2)}${unit}`;
  return { figure, goal: `≤ ${limit}${unit}`, measured, isReached: value <= limit };
}

function atLeast(figure: string, value: number, limit: number): Goal {
  const measured = `${value.toFixed(0)} ×`;
  return { figure, goal: `≥ ${limit} ×`, measured, isReached: value >= limit };
}
