/** Scenarios made by hand for bugs that chance alone finds too rarely; what is left to chance in them still comes of a seed. */
import { calmAmbience } from '../ambience.ts';
import type { Behaviour } from '../behaviour.ts';
import type { CandidatePlan, Moment } from '../candidate.ts';
import type { FaultId } from '../faults.ts';
import { plainReplica, usualTiming } from '../plain.ts';
import type { FaultPlan, ReplicaPlan, Scenario } from '../scenario.ts';
import type { TermPlan } from '../terms.ts';

export type Stage = Omit<Scenario, 'seed'>;

/** So long that a backup is from before all that has happened. */
const longAgoMs = 100_000;

function candidate(startsAtMs: number, changes: Partial<CandidatePlan> = {}): ReplicaPlan {
  const replica = plainReplica(usualTiming);
  return { ...replica, startsAtMs, plan: { ...replica.plan, ...changes } };
}

function at(atMs: number, id: FaultId, target: number, forMs = 0): FaultPlan {
  return { id, when: { id: 'at', atMs, target }, forMs };
}

/** When it happens for the first time, to whom it happens. */
function after(moment: Moment, delayMs: number, id: FaultId, forMs = 0): FaultPlan {
  return { id, when: { id: 'after', moment, count: 1, delayMs }, forMs };
}

function stage(
  replicas: readonly ReplicaPlan[],
  faults: readonly FaultPlan[],
  { terms, ...changes }: Partial<Stage> = {},
): Stage {
  return {
    ...{ replicas, faults, ambience: calmAmbience(), durationMs: 40_000 },
    ...{ isBeyondLimits: false, isCalm: false, once: null },
    terms: terms ?? replicas.map(() => ({})),
    ...changes,
  };
}

/** The first leader gives the lease back after 3 s, and stays out for two retry periods: nobody holds it until the second comes. */
const shortTerm: TermPlan = { maxTermMs: 3_000, rejoins: true };

/** The second leader is cut off, and a backup is restored that is from when the lease was free; the third has seen the second lead. */
const restoredFree = [
  at(7_900, 'partition', 1, 12_000),
  at(8_000, 'restored from a backup', 1, 1_600),
];
const threeOfTwoTerms = [candidate(0), candidate(6_000), candidate(6_300)];

export const olderIsARelease = stage(threeOfTwoTerms, restoredFree, { terms: [shortTerm, {}, {}] });

/** Someone edits it then, until its version is newer than all that is known. */
export const editedSinceARestore = stage(
  threeOfTwoTerms,
  [
    ...restoredFree,
    ...Array.from({ length: 8 }, (_, edit) => at(8_100 + 10 * edit, 'label edited', 0)),
  ],
  { terms: [shortTerm, {}, {}] },
);

/** The second creates the Lease where a restore has left none, and is cut off; a second restore has forgotten that, too. */
const twoRestores = [
  at(5_600, 'restored from a backup', 0, longAgoMs),
  at(5_750, 'partition', 1, 12_000),
  at(5_900, 'restored from a backup', 0, longAgoMs),
];
const firstAndLate = [candidate(0), candidate(5_650)];

export const restoredTwice = stage(firstAndLate, twoRestores, { terms: [shortTerm, {}] });

/** The same while the first leads on, and hears of the second. */
export const restoredTwiceUnderALeader = stage(firstAndLate, twoRestores);

const clientGo: ReplicaPlan = {
  kind: 'client-go',
  machine: { rate: 1, wallAheadMs: 0 },
  startsAtMs: 0,
  plan: { ...usualTiming, identity: 'client-go', longestRestartMs: 1_000 },
};

/** client-go wakes up late, empties the record of its successor, which is cut off, takes the lease, and gives it back. */
export const clearedAndTaken = stage(
  [clientGo, candidate(1_000), candidate(25_000)],
  [
    at(5_000, 'client-go held up beyond its lease', 0, 4_000),
    at(22_500, 'partition', 1, 20_000),
    at(26_000, 'SIGTERM', 0),
  ],
  { durationMs: 60_000 },
);

/** The second waits for its turn, and is cut off for so long that its run, by then another's, is remembered and forgotten again. */
export const forgottenRuns = stage(
  [candidate(0), candidate(200)],
  [at(300, 'partition', 1, 90_000)],
  {
    ...{ durationMs: 120_000, once: { everyMs: 5_000, counts: 'success' } },
  },
);

/**
 * Answers come late, so that the watch alone tells the leader of its first renewal, and of edits after it. Then a restore has left no Lease. The
 * leader creates it again, by a version that is older than those, but often newer than that of the write that won.
 */
export const heardAndRestored = stage(
  [candidate(0)],
  [
    at(1_500, 'answers held up', 0, 3_500),
    ...[2_200, 2_210, 2_220].map((atMs) => at(atMs, 'label edited', 0)),
    at(3_000, 'restored from a backup', 0, longAgoMs),
  ],
);

/** The second takes the lease from a client-go that is held up, and is cut off; then client-go wakes up, and empties its record. */
function clearedByClientGo(beyondMs: number): readonly FaultPlan[] {
  return [
    at(5_000, 'client-go held up beyond its lease', 0, beyondMs),
    at(18_500 + beyondMs, 'partition', 1, 20_000),
  ];
}

/** The third knows client-go, but not the second: it cannot watch, and comes back when the record is empty, and client-go is cut off. */
export const unseenAndCleared = stage(
  [clientGo, candidate(1_000), candidate(1_000, { mayWatch: false })],
  [
    ...clearedByClientGo(4_000),
    at(6_000, 'partition', 2, 18_500),
    after('client-go cleared', 0, 'partition', 20_000),
  ],
  { durationMs: 60_000 },
);

/** The third has entered itself as the successor of the second. */
export const clearedUnderASuccessor = stage(
  [clientGo, candidate(1_000), candidate(21_000)],
  clearedByClientGo(16_000),
  { terms: [{}, {}, { nominates: true }], durationMs: 60_000 },
);

/** It starts another process, which leaves its session, has no environment, and outlives it. */
const leavesOneBehind: Behaviour = {
  ...{ endsAfterMs: 3_000, exitCode: 0, endsAfterTermMs: 10, unkillableMs: 0, hasOwnGroup: true },
  family: [
    {
      ...{ afterMs: 100, how: 'session', environment: 'empty', mainThreadEndsAfterMs: null },
      ...{ endsAfterTermMs: null, endsAfterMs: null, movesEveryMs: null, family: [] },
    },
  ],
};

/** leader-run is killed when the command has ended: the guard finds what that has left behind only if it was told of it since. */
export const leftBehindAndKilled = stage(
  [candidate(0, { behaviour: leavesOneBehind })],
  [after('command-ended', 1_000, 'crash')],
);

/** Its command is ready only when half of the renew deadline is over, so that it renews before it starts it, and each write conflicts. */
export const lateStart = stage(
  [candidate(0)],
  [
    after('acquired', 0, 'event loop blocked', 5_500),
    after('acquired', 0, 'label edited before each write', 12_000),
  ],
);
