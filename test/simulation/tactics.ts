/**
 * Faults that belong together: what chance alone would hit too rarely, as it takes two things at the right moment.
 */
import type { Random } from './random.ts';
import { type FaultPlan, type ReplicaPlan, type Timing, leaseDurationOf } from './scenario.ts';

interface Field {
  readonly timing: Timing;
  readonly replicas: readonly ReplicaPlan[];
  readonly isCalm: boolean;
}

type Tactic = (random: Random, field: Field) => readonly FaultPlan[];

/** The one that leads after a client-go is cut off when it has just begun. */
const cutOffTheSuccessor = (random: Random, forMs: number): FaultPlan => ({
  id: 'partition',
  when: {
    id: 'after',
    moment: 'client-go succeeded',
    count: 1,
    delayMs: random.between(5, 300),
  },
  forMs,
});

/** Time passes between the decision to start the command and its start. */
const holdUpAtStart: Tactic = (random, { timing }) => [
  {
    id: random.pick(['held up at its next deed', 'suspend']),
    when: {
      id: 'after',
      moment: random.pick(['acquired', 'command-started']),
      count: 1 + random.below(4),
      delayMs: random.pick([0, random.logBetween(0.1, 50)]),
    },
    forMs: timing.renewDeadlineMs * random.between(0.3, 1.4),
  },
];

/** The answer to a renewal is there, but taken up only when its time is over, or that of the leadership. */
const takeAnswerUpLate: Tactic = (random, { timing }) => [
  {
    id: 'event loop blocked',
    when: {
      id: 'after',
      moment: 'landed',
      count: 2 + random.below(20),
      delayMs: random.pick([0, random.between(0, 3)]),
    },
    forMs: timing.renewDeadlineMs * random.between(0.5, 1.1),
  },
];

/** The time of leadership runs out in a short stall, while the answer to the last attempt comes in. */
const answerAtTheDeadline: Tactic = (random, { timing }) => {
  const { renewDeadlineMs, retryPeriodMs } = timing;
  const count = 2 + random.below(20);
  const after = (delayMs: number) => ({ id: 'after', moment: 'landed', count, delayMs }) as const;
  const longestAttemptMs = (renewDeadlineMs - retryPeriodMs) / 3;
  const getsThroughAtMs = renewDeadlineMs - random.between(0.2, 1) * longestAttemptMs;
  const stallsAtMs = renewDeadlineMs - random.between(20, 150);
  const stallMs = random.between(180, 450);
  // Before any timer is due: what came first may be taken up first.
  const comesAtMs = stallsAtMs + random.between(0, 60);
  return [
    { id: 'partition of requests', when: after(5), forMs: getsThroughAtMs - 5 },
    {
      id: 'answers held up',
      when: after(getsThroughAtMs - 5),
      forMs: comesAtMs - getsThroughAtMs,
    },
    { id: 'event loop blocked', when: after(stallsAtMs), forMs: stallMs },
  ];
};

/**
 * client-go wakes up after its lease and empties the record of its successor, which does not hear of that. Another candidate knows
 * nothing of the successor: it was cut off meanwhile, or comes only then.
 */
const blankTheSuccessor: Tactic = (random, { timing, replicas }) => {
  const clientGo = replicas.find(({ kind }) => kind === 'client-go');
  if (clientGo === undefined) return [];
  const after = { id: 'after', moment: 'client-go landed', count: 1 + random.below(4) } as const;
  const beyondMs = timing.renewDeadlineMs * random.between(0.05, 1);
  const wakesAtMs = leaseDurationOf(clientGo.plan) + beyondMs;
  const cutAtMs = random.between(0, wakesAtMs / 2);
  const someone = () => random.below(replicas.length - 1);
  const cutOff: FaultPlan = {
    id: 'partition',
    when: { ...after, delayMs: cutAtMs, target: someone() },
    forMs: wakesAtMs - cutAtMs + random.between(-300, 500),
  };
  const newcomer: FaultPlan = {
    id: 'crash',
    when: { ...after, delayMs: wakesAtMs - random.between(0, 1_000), target: someone() },
    forMs: 0,
  };
  return [
    {
      id: 'client-go held up beyond its lease',
      when: { ...after, delayMs: 0 },
      forMs: beyondMs,
    },
    cutOffTheSuccessor(random, beyondMs + timing.leaseDurationMs * random.between(0.2, 2)),
    random.pick([cutOff, cutOff, newcomer]),
  ];
};

/**
 * As before, and whoever has the shortest lease duration comes only when the record is empty. Neither the successor nor client-go writes any
 * more: how long the successor may still lead is written nowhere but in the annotation.
 */
const comeToWhatWasCleared: Tactic = (random, { timing, replicas }) => {
  const durations = replicas.map(({ plan }) => leaseDurationOf(plan));
  const clientGo = replicas.findIndex(({ kind }) => kind === 'client-go');
  const newcomer = durations.indexOf(Math.min(...durations));
  if (clientGo === -1 || durations[newcomer] === Math.max(...durations)) return [];
  const cleared = (target: number, delayMs: number) =>
    ({ id: 'after', moment: 'client-go cleared', count: 1, delayMs, target }) as const;
  const longestMs = Math.max(...durations);
  return [
    {
      id: 'client-go held up beyond its lease',
      when: {
        id: 'after',
        moment: 'client-go landed',
        count: 1 + random.below(3),
        delayMs: 0,
      },
      forMs: timing.renewDeadlineMs * random.between(0.05, 0.4),
    },
    cutOffTheSuccessor(random, 2 * longestMs),
    { id: 'crash', when: cleared(newcomer, random.between(0, 50)), forMs: 0 },
    { id: 'partition', when: cleared(clientGo, random.between(0, 50)), forMs: longestMs },
  ];
};

/** client-go adopts an identity when its owner has just lost the lease, and can hear, but not ask. */
const adoptFromTheLoser: Tactic = (random, { timing }) => [
  {
    id: 'partition of requests',
    when: { id: 'after', moment: 'landed', count: 2 + random.below(10), delayMs: 5 },
    forMs: timing.leaseDurationMs,
  },
  {
    id: 'client-go adopts the holder',
    when: {
      id: 'after',
      moment: 'stopping-command',
      count: 1,
      delayMs: random.between(0, 1_500),
    },
    forMs: 0,
  },
];

/** A label is edited while others write on the version that was released. */
const editLabelAtRelease: Tactic = (random) =>
  [1, 2, 3, 4].map((count) => ({
    id: 'label edited',
    when: { id: 'after', moment: 'released', count, delayMs: random.between(0, 5) },
    forMs: 0,
  }));

const tactics: readonly Tactic[] = [
  holdUpAtStart,
  takeAnswerUpLate,
  answerAtTheDeadline,
  // Twice, as it takes a client-go that leads.
  blankTheSuccessor,
  blankTheSuccessor,
  adoptFromTheLoser,
  editLabelAtRelease,
];

/** What slows no candidate down. */
const calmTactics: readonly Tactic[] = [editLabelAtRelease];

/** `random` is for them alone, so that all else in a seed is as it would be without. */
export function drawTactics(random: Random, field: Field): readonly FaultPlan[] {
  const share = field.isCalm ? 0.8 : 0.2;
  return (field.isCalm ? calmTactics : tactics)
    .filter(() => random.chance(share))
    .flatMap((tactic) => tactic(random, field));
}

/** The same with a chance of their own, for those that came later: seeds that are known to find a bug go on meaning what they mean. */
export function drawLaterTactics(random: Random, field: Field): readonly FaultPlan[] {
  return !field.isCalm && random.chance(0.3) ? comeToWhatWasCleared(random, field) : [];
}
