/**
 * What is done to the candidates and to their servers, and when: a pure function of the seed.
 *
 * Faults of several kinds overlap, but not those whose combination docs/guarantees.md excludes: leader-run and its guard are not hit
 * together, and nobody edits the Lease by hand while a leader cannot hear of it.
 */
import { Random } from '../simulation/random.ts';

/** By what it is done to. */
export const kinds = {
  process: ['kill', 'kill-new', 'stop', 'kill-command', 'stop-command', 'term', 'term'],
  guard: ['kill-guard', 'stop-guard'],
  machine: ['suspend'],
  network: [
    'freeze',
    'freeze-answers',
    'late-answers',
    'late-answers',
    'slow',
    'half-open',
    'cut',
    'cut-often',
    'twice',
  ],
  server: ['api-kill', 'api-stop', 'etcd-kill', 'etcd-stop', 'compact', 'restore'],
  lease: ['label', 'edit', 'empty', 'delete', 'transfer'],
  rights: ['rights'],
  clock: ['jump', 'drift'],
} as const;

export type Scope = keyof typeof kinds;
export type Kind = (typeof kinds)[Scope][number];

export interface PlannedFault {
  readonly kind: Kind;
  /** Since the beginning. */
  readonly atMs: number;
  /** How long it lasts, at most; 0: it is done at once. */
  readonly durationMs: number;
  /** Who leads when it comes, or whoever has this number. */
  readonly target: 'leader' | number;
  /** A size in [0, 1), whose meaning is the kind's. */
  readonly size: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly candidates: number;
  /** What cannot be done on this machine. */
  readonly without?: readonly Kind[];
}

/** How often a scope comes, and how long its faults last: [least, most] in ms. */
const scopes: Readonly<Record<Scope, { readonly weight: number; readonly ms: [number, number] }>> =
  {
    process: { weight: 12, ms: [300, 7_000] },
    guard: { weight: 1, ms: [300, 7_000] },
    machine: { weight: 1, ms: [300, 9_000] },
    network: { weight: 9, ms: [500, 9_000] },
    server: { weight: 3, ms: [300, 4_000] },
    lease: { weight: 3, ms: [0, 0] },
    rights: { weight: 1, ms: [2_000, 9_000] },
    clock: { weight: 2, ms: [1_000, 20_000] },
  };

/** Those that tell something only if they outlast a renew deadline. */
const lasting: Partial<Record<Kind, [number, number]>> = {
  freeze: [2_000, 9_000],
  'freeze-answers': [2_000, 9_000],
  'late-answers': [8_000, 11_000],
};

/** These are over when they are done. */
const instant: readonly Kind[] = [
  ...(['kill', 'kill-guard', 'kill-command', 'term', 'cut', 'twice'] as const),
  ...(['compact', 'label', 'edit', 'empty', 'delete', 'transfer'] as const),
];

/** These as well, but that takes so long: a kill waits for the next leader, and etcd is restarted twice. */
const slow: Partial<Record<Kind, number>> = { 'kill-new': 15_000, restore: 20_000 };

/** These leave a while of quiet, before and after: the docs exclude what comes together with them. */
const alone: readonly Kind[] = [
  'restore',
  'edit',
  'empty',
  'delete',
  'suspend',
  'kill-guard',
  'stop-guard',
];
const quietMs = 4_000;

/** In the order of their times; the last is over before the end. */
export function makePlan({ seed, minutes, candidates, without = [] }: PlanOptions): PlannedFault[] {
  const random = new Random(String(seed));
  const bag = (Object.keys(scopes) as Scope[]).flatMap((scope) =>
    Array<Scope>(scopes[scope].weight).fill(scope),
  );
  const endMs = minutes * 60_000 - 10_000;
  const plan: PlannedFault[] = [];
  let restores = 0;
  let atMs = 6_000;
  let allOverMs = 0;
  while (atMs < endMs) {
    const scope = random.pick(bag);
    const kind: Kind = random.pick<Kind>(kinds[scope]);
    const range = lasting[kind] ?? scopes[scope].ms;
    const doneMs = instant.includes(kind) ? 0 : slow[kind];
    const durationMs = doneMs ?? Math.round(random.logBetween(...range));
    const size = random.next();
    const target = random.chance(0.75) ? 'leader' : random.below(candidates);
    const pauseMs = Math.round(random.between(500, 2_500));
    // Rare, because all that is judged around it is excused.
    if (without.includes(kind) || (kind === 'restore' && (restores + 1) * 300_000 > atMs)) continue;
    const fromMs = alone.includes(kind) ? Math.max(atMs, allOverMs + quietMs) : atMs;
    // A shorter one may still be over before the end.
    if (fromMs + durationMs >= endMs) continue;
    if (kind === 'restore') restores += 1;
    plan.push({ kind, atMs: fromMs, durationMs, target, size });
    allOverMs = Math.max(allOverMs, fromMs + durationMs);
    atMs = alone.includes(kind) ? allOverMs + quietMs : fromMs + pauseMs;
  }
  return plan;
}
