/**
 * Faults that belong together: what chance alone would hit too rarely, as it takes two things at the right moment.
 */
import type { Random } from './random.ts';
import type { FaultPlan, ReplicaPlan, Timing } from './scenario.ts';

interface Field {
  readonly random: Random;
  readonly timing: Timing;
  readonly replicas: readonly ReplicaPlan[];
}

type Tactic = (field: Field) => readonly FaultPlan[];

/** Time passes between the decision to start the command and its start. */
const holdUpAtStart: Tactic = ({ random, timing }) => [
  {
    id: random.pick(['held up at its next deed', 'suspend']),
    when: {
      id: 'after',
      moment: random.pick(['acquired', 'child-started']),
      count: 1 + random.below(4),
      delayMs: random.pick([0, random.logBetween(0.1, 50)]),
    },
    forMs: timing.renewDeadlineMs * random.between(0.3, 1.4),
  },
];

/** The answer to a renewal is there, but taken up only when its time is over, or that of the leadership. */
const takeAnswerUpLate: Tactic = ({ random, timing }) => [
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
const answerAtTheDeadline: Tactic = ({ random, timing }) => {
  const count = 2 + random.below(20);
  return [
    {
      id: 'partition of requests',
      when: { id: 'after', moment: 'landed', count, delayMs: 5 },
      forMs: timing.renewDeadlineMs * random.between(0.6, 0.98),
    },
    {
      id: 'event loop blocked',
      when: {
        id: 'after',
        moment: 'landed',
        count,
        delayMs: timing.renewDeadlineMs - random.between(10, 300),
      },
      forMs: random.between(50, 450),
    },
  ];
};

/** client-go wakes up after its lease and empties the record of its successor, of which another candidate knows nothing. */
const blankTheSuccessor: Tactic = ({ random, timing, replicas }) => {
  const count = 1 + random.below(12);
  return [
    {
      id: 'client-go held up beyond its lease',
      when: { id: 'after', moment: 'landed', count, delayMs: 0 },
      forMs: 0,
    },
    ...[0, 1].map(
      () =>
        ({
          id: 'partition',
          when: {
            id: 'at',
            atMs: random.between(0, 4 * timing.leaseDurationMs),
            target: random.below(replicas.length),
          },
          forMs: timing.leaseDurationMs * random.between(0.2, 2),
        }) as const,
    ),
  ];
};

/** client-go adopts an identity when its owner has just lost the lease, and can hear, but not ask. */
const adoptFromTheLoser: Tactic = ({ random, timing }) => [
  {
    id: 'partition of requests',
    when: { id: 'after', moment: 'landed', count: 2 + random.below(10), delayMs: 5 },
    forMs: timing.leaseDurationMs,
  },
  {
    id: 'client-go adopts the holder',
    when: {
      id: 'after',
      moment: 'stopping-child',
      count: 1,
      delayMs: random.between(0, 1_500),
    },
    forMs: 0,
  },
];

const tactics: readonly Tactic[] = [
  holdUpAtStart,
  takeAnswerUpLate,
  answerAtTheDeadline,
  // Twice, as it needs more luck than the others.
  answerAtTheDeadline,
  blankTheSuccessor,
  adoptFromTheLoser,
];

export function drawTactics(field: Field): readonly FaultPlan[] {
  return tactics.filter(() => field.random.chance(0.15)).flatMap((tactic) => tactic(field));
}
