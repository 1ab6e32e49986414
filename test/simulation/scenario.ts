/** All that one seed decides before anything happens. Parts of it can be taken away when a failure is shrunk. */
import { roomForLossGraceMs } from '../../src/election/settings.ts';
import { type Ambience, calmAmbience, drawAmbience } from './ambience.ts';
import type { CandidatePlan, Moment } from './candidate.ts';
import type { ClientGoPlan } from './client-go.ts';
import { type FaultId, calmFaultIds, faultIds, misbehaviourIds } from './faults.ts';
import type { MachinePlan } from './machine.ts';
import { Random } from './random.ts';
import { type OncePlan, drawOnce } from './once.ts';
import { drawLaterTactics, drawTactics } from './tactics.ts';
import { type TermPlan, drawNominations, drawTerms, drawTransfers } from './terms.ts';

export type ReplicaPlan = { readonly machine: MachinePlan; readonly startsAtMs: number } & (
  | { readonly kind: 'leader-run'; readonly plan: CandidatePlan }
  | { readonly kind: 'client-go'; readonly plan: ClientGoPlan }
);

/** A fault at a certain time, or so long after a certain thing has happened for the nth time (to the candidate of that event, unless it has a target). */
export interface FaultPlan {
  readonly id: FaultId;
  readonly when:
    | { readonly id: 'at'; readonly atMs: number; readonly target: number }
    | {
        readonly id: 'after';
        readonly moment: Moment;
        readonly count: number;
        readonly delayMs: number;
        readonly target?: number;
      };
  readonly forMs: number;
}

export interface Scenario {
  readonly seed: string;
  readonly replicas: readonly ReplicaPlan[];
  readonly ambience: Ambience;
  readonly faults: readonly FaultPlan[];
  readonly durationMs: number;
  /** Something happens that no guarantee covers: only recovery is checked. */
  readonly isBeyondLimits: boolean;
  /** Nothing is slow or lost, so that a hand-over has to be quick. */
  readonly isCalm: boolean;
  /** All commands are jobs that are to be run once in each of these periods; null: none is. */
  readonly once: OncePlan | null;
  /** Of each replica. */
  readonly terms: readonly TermPlan[];
}

export interface Timing {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

const timings: readonly Timing[] = [
  { leaseDurationMs: 6_000, renewDeadlineMs: 3_000, retryPeriodMs: 1_000 },
  { leaseDurationMs: 6_000, renewDeadlineMs: 4_500, retryPeriodMs: 1_000 },
  { leaseDurationMs: 10_000, renewDeadlineMs: 6_667, retryPeriodMs: 1_333 },
  { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
];

const longTiming: Timing = {
  leaseDurationMs: 60_000,
  renewDeadlineMs: 15_000,
  retryPeriodMs: 5_000,
};

/** Clocks may run apart by this share, as `clockSkew` allows. */
const largestSkew = 0.01;

export function drawScenario(seed: string): Scenario {
  const random = new Random(`scenario ${seed}`);
  const isCalm = random.chance(0.08);
  const isBeyondLimits = !isCalm && random.chance(0.1);
  const base = random.chance(0.03) ? longTiming : random.pick(timings);
  const isMixed = random.chance(0.3);
  const candidates = random.pick([2, 2, 2, 3, 3, 4, 5, 7]);
  const replicas: ReplicaPlan[] = [];
  const isSkewed = random.chance(0.5);
  const areCron = random.chance(0.04);
  for (let index = 0; index < candidates; index++) {
    const timing = isMixed ? random.pick(timings) : base;
    replicas.push(
      drawLeaderRun(random, index, timing, { isSkewed, isCron: areCron || random.chance(0.1) }),
    );
  }
  if (random.chance(0.3)) replicas.push(drawClientGo(random, replicas, isSkewed));
  const longestMs = Math.max(...replicas.map(({ plan }) => leaseDurationOf(plan)));
  const durationMs = longestMs * random.between(3, 8);
  const ambience = isCalm || random.chance(0.1) ? calmAmbience() : drawAmbience(random);
  const ids = isCalm ? calmFaultIds : faultIds(isBeyondLimits);
  const chance = drawFaults(random, ids, durationMs, base, replicas);
  const field = { timing: base, replicas, isCalm };
  const tactics = drawTactics(new Random(`tactics ${seed}`), field);
  const later = drawLaterTactics(new Random(`later tactics ${seed}`), field);
  const transfers = isCalm ? [] : drawTransfers(new Random(`transfers ${seed}`));
  const faults = [...chance, ...tactics, ...transfers, ...later];
  const once = drawOnce(new Random(`once ${seed}`));
  const termRandom = new Random(`terms ${seed}`);
  const areSpecial = termRandom.chance(0.3);
  // By a chance of its own, so that all else in a seed is as it would be without.
  const isWarm = once === null && new Random(`warm standbys ${seed}`).chance(0.12);
  const nominations = drawNominations(new Random(`nominations ${seed}`), replicas.length);
  const terms = replicas.map((_, index) => ({
    ...(areSpecial ? drawTerms(termRandom, once !== null) : {}),
    ...(isWarm && { isWarm }),
    ...nominations[index],
  }));
  const usual = {
    seed,
    replicas,
    ambience,
    faults,
    durationMs,
    isBeyondLimits,
    isCalm,
    once,
    terms,
  };
  return isCalm ? usual : withMisbehaviour(usual, base);
}

/**
 * In a third of the simulations the API server, or what stands before it, does not keep to its promises. It has a chance of
 * its own, so that all else in a seed is as it would be without.
 */
function withMisbehaviour(scenario: Scenario, base: Timing): Scenario {
  const random = new Random(`misbehaviour ${scenario.seed}`);
  if (!random.chance(0.35)) return scenario;
  const rate = (largest: number) =>
    random.chance(0.25) ? random.logBetween(largest / 30, largest) : 0;
  const ambience = {
    ...scenario.ambience,
    otherAnswer: rate(0.3),
    answerAgain: rate(0.3),
    answerSwapped: rate(0.5),
  };
  const ids = misbehaviourIds().filter(() => random.chance(0.4));
  if (ids.length === 0) return { ...scenario, ambience };
  const faults = drawFaults(random, ids, scenario.durationMs, base, scenario.replicas, 1);
  return { ...scenario, ambience, faults: [...scenario.faults, ...faults] };
}

export function leaseDurationOf(plan: CandidatePlan | ClientGoPlan): number {
  return 'settings' in plan ? plan.settings.leaseDurationMs : plan.leaseDurationMs;
}

function drawMachine(random: Random, isSkewed: boolean): MachinePlan {
  const skew = isSkewed ? random.pick([0, largestSkew, random.between(0, largestSkew)]) : 0;
  return { rate: 1 + skew, wallAheadMs: random.pick([0, 0, -3_600_000, 40_000, 7e8]) };
}

function drawLeaderRun(
  random: Random,
  index: number,
  timing: Timing,
  { isSkewed, isCron }: { isSkewed: boolean; isCron: boolean },
): ReplicaPlan {
  const room = roomForLossGraceMs(timing.leaseDurationMs, timing.renewDeadlineMs);
  const everEnds = random.chance(0.7);
  return {
    kind: 'leader-run',
    machine: drawMachine(random, isSkewed),
    startsAtMs: random.pick([0, random.between(0, 50), random.between(0, 10_000)]),
    plan: {
      settings: {
        ...timing,
        lossGraceMs: random.pick([room, room, 0, random.between(0, room)]),
        gracePeriodMs: random.pick([25_000, 10_000, 2_000, 0]),
        waitMs: isCron ? random.pick([0, 1_000, 5_000]) : Infinity,
        leaseName: 'lease',
        leaseNamespace: 'default',
        stopSignal: 'SIGTERM',
        signals: { hasTerminal: false, receivesHangUpAlone: false, ignoredSignals: [] },
      },
      identity: random.chance(0.3) ? `fixed-${index}` : null,
      longestRestartMs: random.pick([300, 3_000, 20_000]),
      mayWatch: random.chance(0.92),
      everEnds,
    },
  };
}

function drawClientGo(
  random: Random,
  others: readonly ReplicaPlan[],
  isSkewed: boolean,
): ReplicaPlan {
  const plans = others.map(({ plan }) => plan);
  // Its own lease has to be as long as the longest, as it takes over by the record's; its deadline is as in client-go.
  const leaseDurationMs = Math.max(...plans.map(leaseDurationOf));
  const fixed = plans.flatMap((plan) => plan.identity ?? []);
  const adopts = fixed.length > 0 && random.chance(0.5);
  return {
    kind: 'client-go',
    machine: drawMachine(random, isSkewed),
    startsAtMs: random.pick([0, random.between(0, 20_000)]),
    plan: {
      identity: adopts ? random.pick(fixed) : 'client-go',
      leaseDurationMs,
      renewDeadlineMs: (leaseDurationMs * 2) / 3,
      retryPeriodMs: random.pick([1_000, 2_000]),
      longestRestartMs: random.pick([1_000, 20_000]),
    },
  };
}

/** Some more often than others: most races are with a request. */
const moments: readonly Moment[] = [
  'request',
  'request',
  'landed',
  'acquired',
  'command-started',
  'request',
  'landed',
  'stopping-command',
  'killing-tree',
  'command-ended',
  'renewal-failed',
];

function drawFaults(
  random: Random,
  ids: readonly FaultId[],
  durationMs: number,
  { leaseDurationMs, renewDeadlineMs }: Timing,
  replicas: readonly ReplicaPlan[],
  share = 0.4,
): FaultPlan[] {
  const enabled = ids.filter(() => random.chance(share));
  if (enabled.length === 0) return [];
  const count = random.pick([0, 1, 2, 4, 8, 12]);
  const clientGo = replicas.findIndex(({ kind }) => kind === 'client-go');
  const drawTarget = () =>
    clientGo !== -1 && random.chance(0.5) ? clientGo : random.below(replicas.length);
  const drawDelay = () => {
    if (random.chance(0.2)) return 0;
    return random.chance(0.5) ? random.logBetween(0.1, 50) : random.between(0, leaseDurationMs);
  };
  return Array.from({ length: count }, () => ({
    id: random.pick(enabled),
    when: random.chance(0.5)
      ? { id: 'at', atMs: random.between(0, durationMs), target: drawTarget() }
      : {
          id: 'after',
          moment: random.pick(moments),
          count: 1 + Math.floor(random.logBetween(1, 30)),
          delayMs: drawDelay(),
        },
    forMs: random.pick([
      random.logBetween(5, 1_000),
      random.between(0.4, 1.3) * renewDeadlineMs,
      random.between(0.8, 2) * leaseDurationMs,
    ]),
  }));
}
