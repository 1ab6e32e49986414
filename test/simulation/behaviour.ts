/** How a command and all that it starts behave, drawn beforehand. */
import type { Random } from './random.ts';

/** How a command behaves; `null`: never. */
export interface Behaviour {
  readonly endsAfterMs: number | null;
  /** Its exit status then. */
  readonly exitCode: number;
  readonly endsAfterTermMs: number | null;
  /** How long it is in uninterruptible sleep when it is killed. */
  readonly unkillableMs: number;
  /** In a terminal the command stays in leader-run's process group. */
  readonly hasOwnGroup: boolean;
  readonly family: readonly Relative[];
}

/** What a process starts; it outlives its parent. */
export interface Relative {
  /** After its parent's start. */
  readonly afterMs: number;
  /** `session`: by setsid(1); `daemon`: forks twice, with setsid in between, and its parent ends. */
  readonly how: 'child' | 'session' | 'daemon';
  /** What becomes of its environment: `empty` by `env -i`, `overwritten` by its own title. */
  readonly environment: 'kept' | 'empty' | 'overwritten';
  /** Its main thread ends after so long, while others live on. */
  readonly mainThreadEndsAfterMs: number | null;
  readonly endsAfterTermMs: number | null;
  readonly endsAfterMs: number | null;
  /** Forks itself and ends, so that it never has one pid for long. */
  readonly movesEveryMs: number | null;
  readonly family: readonly Relative[];
}

/** What each incarnation's command is like; `everEnds`: it ends when told to or by SIGKILL at the latest, within seconds. */
export function drawBehaviour(random: Random, processes: Random, everEnds: boolean): Behaviour {
  const obeys = random.chance(0.7);
  const isOneShot = random.chance(0.25);
  const hasRest = random.chance(0.2);
  const endsAfterMs = isOneShot ? random.logBetween(1, 40_000) : null;
  const endsAfterTermMs = obeys ? random.logBetween(1, 8_000) : null;
  const unkillableMs = !everEnds && random.chance(0.08) ? random.between(2_000, 60_000) : 0;
  const size = hasRest ? processes.pick([1, 1, 2, 4]) : processes.pick([0, 0, 0, 1]);
  return {
    endsAfterMs,
    exitCode: 7,
    endsAfterTermMs,
    unkillableMs,
    hasOwnGroup: !processes.chance(0.1),
    family: Array.from({ length: size }, () => drawRelative(processes, 1)),
  };
}

/** A job that ends by itself, and well more often than not. */
export function asJob(behaviour: Behaviour, random: Random): Behaviour {
  const exitCode = random.chance(0.7) ? 0 : 7;
  return { ...behaviour, endsAfterMs: random.logBetween(1, 8_000), exitCode };
}

function drawRelative(random: Random, depth: number): Relative {
  const size = depth < 3 && random.chance(0.3) ? random.pick([1, 2]) : 0;
  return {
    afterMs: random.logBetween(0.1, random.pick([10, 1_000, 30_000])),
    how: random.pick(['child', 'child', 'session', 'daemon', 'daemon']),
    environment: random.pick(['kept', 'kept', 'empty', 'overwritten']),
    mainThreadEndsAfterMs: random.chance(0.1) ? random.logBetween(1, 5_000) : null,
    endsAfterTermMs: random.chance(0.5) ? random.logBetween(1, 5_000) : null,
    endsAfterMs: random.chance(0.3) ? random.logBetween(1, 20_000) : null,
    movesEveryMs: random.chance(0.04) ? random.logBetween(100, 2_000) : null,
    family: Array.from({ length: size }, () => drawRelative(random, depth + 1)),
  };
}
