/**
 * The explorations. Each allows some faults in every order and at every instant; together they cover what the design
 * speaks of.
 */
import type { OnceRule } from '../../src/election/runs.ts';
import type { Candidate } from '../../src/election/state.ts';
import { type Bounds, type Budget, nothingHappens } from './world.ts';

/** Times that meet on a grid, so that waits of different origin fall together: (R − P) / 3 is 2s. */
const candidate: Candidate = {
  identity: 'a',
  leaseName: 'lock',
  leaseDurationMs: 16_000,
  renewDeadlineMs: 8_000,
  retryPeriodMs: 2_000,
  lossGraceMs: 4_000,
  gracePeriodMs: 10_000,
  waitMs: Infinity,
};

const two: Pick<Bounds, 'candidates' | 'mayWatch'> = {
  candidates: [candidate, { ...candidate, identity: 'b' }],
  mayWatch: true,
};

function bounds(name: string, budget: Partial<Budget>, other: Partial<Bounds> = {}): Bounds {
  return { name, ...two, budget: { ...nothingHappens, ...budget }, ...other };
}

const rejoining: Bounds['candidates'] = [
  { ...candidate, rejoins: true },
  { ...candidate, identity: 'b', rejoins: true },
];

const nominating: Bounds['candidates'] = [
  { ...candidate, nominates: true },
  { ...candidate, identity: 'b', nominates: true },
];

function once(counts: OnceRule['counts']): Bounds['candidates'] {
  const rule = { id: 'key', key: 'k', counts } as const;
  return [
    { ...candidate, once: rule },
    { ...candidate, identity: 'b', once: rule },
  ];
}

const short: Candidate = {
  ...candidate,
  identity: 'b',
  leaseDurationMs: 10_000,
  renewDeadlineMs: 5_000,
  lossGraceMs: 2_000,
};

/** The small ones first: a bug is searched in their order. */
export const explorations: readonly Bounds[] = [
  bounds('requests lost and refused', { lostRequests: 1, refusals: 2 }),
  bounds('told to stop', { lives: 2, stops: 2 }),
  bounds('the life of a command', { exits: 1, rests: 1, slowStarts: 1, stops: 1 }),
  bounds('a late answer', { lateAnswers: 1, stops: 1 }),
  bounds('cut off from the API server', { cuts: 1 }),
  bounds('a stall', { stalls: 1 }),
  bounds('a stall, without a watch', { stalls: 1 }, { mayWatch: false }),
  bounds('a watch that lags', { lags: 1, exits: 1 }),
  bounds('without a watch', { crashes: 1, lostAnswers: 1 }, { mayWatch: false }),
  bounds('emptied', { blanks: 1, crashes: 1 }),
  bounds('emptied while cut off', { blanks: 1, cuts: 1 }),
  bounds('another holder written', { otherHolders: 1, lostAnswers: 1, stops: 1 }),
  bounds('a client-go of our identity', { twins: 1, lostAnswers: 1, stops: 1 }),
  bounds('deleted', { deletions: 1, lostAnswers: 1 }),
  bounds(
    'two of one identity',
    { crashes: 1, lostAnswers: 1 },
    { candidates: [candidate, candidate] },
  ),
  bounds(
    'a short lease beside a long one',
    { crashes: 1, lostAnswers: 1 },
    { candidates: [candidate, short] },
  ),
  bounds(
    'once',
    { lives: 2, exits: 2, crashes: 1, lostAnswers: 1 },
    { candidates: once('success') },
  ),
  bounds('once, by the start', { lives: 2, stops: 1, crashes: 1 }, { candidates: once('start') }),
  bounds('once, deleted', { exits: 1, deletions: 1, stops: 1 }, { candidates: once('success') }),
  bounds('rejoin', { cuts: 1, stops: 1 }, { candidates: rejoining }),
  bounds(
    'rejoin, lost answers',
    { lostAnswers: 1, lostRequests: 2, stops: 1 },
    { candidates: rejoining },
  ),
  bounds('transfer', { transfers: 2, stops: 1 }),
  bounds('successor', { lives: 2, stops: 2 }, { candidates: nominating }),
  bounds(
    'successor, crash and lost answer',
    { lives: 2, stops: 1, crashes: 1, lostAnswers: 1 },
    { candidates: nominating },
  ),
  bounds('successor, emptied', { blanks: 1, stops: 1 }, { candidates: nominating }),
  bounds('transfer and rejoin', { transfers: 1, crashes: 1 }, { candidates: rejoining }),
  bounds('a stop and a crash', { lives: 2, stops: 1, crashes: 1 }),
  bounds('two terms each, a crash, a lost answer, a late write', {
    lives: 2,
    crashes: 1,
    lostAnswers: 1,
    lateRequests: 1,
  }),
];
