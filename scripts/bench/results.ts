/** All that one run has measured. */
import type { Crowds } from './crowd.ts';
import type { BlackHole, Crash } from './faults.ts';
import type { HandOvers } from './hand-over.ts';
import type { Idles } from './idle.ts';
import type { Operated } from './operated.ts';
import type { Outages } from './outages.ts';
import type { SlowStarts } from './slow-start.ts';
import type { StartUps } from './start-up.ts';

export type FaultedName = 'leader-run' | 'wrapper';

export interface Results {
  readonly startUps: StartUps;
  readonly handOvers: HandOvers;
  readonly crowds: Crowds;
  readonly idle: Idles;
  readonly operated: Operated;
  readonly crashes: Readonly<Record<FaultedName, readonly Crash[]>>;
  readonly blackHoles: Readonly<Record<FaultedName, readonly BlackHole[]>>;
  /** Hand-over of leader-run to a standby of long standing, ms. */
  readonly aged: readonly number[];
  readonly slowStarts: SlowStarts;
  readonly outages: Outages;
  /** ms */
  readonly forced: Readonly<Record<FaultedName, readonly number[]>>;
}
