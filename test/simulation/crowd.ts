/** A crowd of candidates on a calm network, whose leader is told to stop again and again: what a hand-over takes and costs. */
import { roomForLossGraceMs } from '../../src/election/settings.ts';
import { calmAmbience } from './ambience.ts';
import { Candidate, type CandidatePlan } from './candidate.ts';
import { metadataOf, specOf, textOf } from './fields.ts';
import { Judge } from './judge.ts';
import { Link } from './link.ts';
import { Machine } from './machine.ts';
import { type Arrival, Server, type Version } from './server.ts';
import { World } from './world.ts';

export interface CrowdPlan {
  readonly seed: string;
  readonly candidates: number;
  readonly handOvers: number;
  /** Whether standbys enter themselves as the successor. */
  readonly nominates: boolean;
}

export interface HandOver {
  /** From the commit of the release to that of the write that takes the lease. */
  readonly tookMs: number;
  /** All writes that reach the server between two releases, but for renewals: those that conflict are among them. */
  readonly writes: number;
  /** Messages that watches get of the release, the take-over and the successor. */
  readonly events: number;
  /** Renewals that conflicted since the release before. */
  readonly renewalConflicts: number;
}

/** So long each term lasts before its leader is told to stop. */
const termMs = 10_000;
const timing = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

const plan: CandidatePlan = {
  settings: {
    ...timing,
    lossGraceMs: roomForLossGraceMs(timing.leaseDurationMs, timing.renewDeadlineMs),
    gracePeriodMs: 1_000,
    waitMs: Infinity,
    leaseName: 'lease',
    leaseNamespace: 'default',
    stopSignal: 'SIGTERM',
    signals: { hasTerminal: false, receivesHangUpAlone: false, ignoredSignals: [] },
  },
  identity: null,
  longestRestartMs: 300,
  mayWatch: true,
  everEnds: true,
};

export async function simulateCrowd(crowd: CrowdPlan): Promise<readonly HandOver[]> {
  const simulation = new Crowd(crowd);
  return simulation.run();
}

class Crowd {
  readonly #crowd: CrowdPlan;
  readonly #world: World;
  readonly #server: Server;
  readonly #candidates: readonly Candidate[];
  readonly #handOvers: HandOver[] = [];
  /** The leader was told to stop; one whose command ended by itself may have led for too short a time to have a successor. */
  #isTold = false;
  #wasTold = false;
  #tookMs = 0;
  #writes = 0;
  #commits = 0;
  #renewalConflicts = 0;

  constructor(crowd: CrowdPlan) {
    this.#crowd = crowd;
    const world = new World(`crowd ${crowd.seed}`, false);
    this.#world = world;
    const server = new CountingServer(world, (arrival) => this.#onWrite(arrival));
    this.#server = server;
    const ambience = calmAmbience();
    const scenario = { isBeyondLimits: true, isCalm: false };
    const judge = new Judge(world, server, scenario, () => []);
    const around = { world, server, judge, once: null, onMoment: () => undefined };
    this.#candidates = Array.from({ length: crowd.candidates }, (_, index) => {
      const name = `c${index}`;
      const machine = new Machine(world, name, { rate: 1, wallAheadMs: 0 });
      const link = new Link(world, server, ambience);
      return new Candidate(name, machine, link, plan, around, { nominates: crowd.nominates });
    });
    server.onCommit((before, after) => this.#onCommit(before, after));
  }

  async run(): Promise<readonly HandOver[]> {
    const world = this.#world;
    for (const candidate of this.#candidates)
      world.after(world.random.between(0, 1_000), () => candidate.start());
    const isOver = () => this.#handOvers.length >= this.#crowd.handOvers;
    for (let term = 0; !isOver() && world.violation === null; term += 1) {
      await world.runUntil((term + 1) * termMs, () => undefined, isOver);
      this.#leader()?.signal('SIGTERM');
      this.#isTold = true;
    }
    if (world.violation !== null) throw new Error(world.violation.text);
    return this.#handOvers;
  }

  #leader(): Candidate | undefined {
    const holder = this.#server.current?.holder;
    return this.#candidates.find(({ process }) => process?.name === holder);
  }

  /** Right before the server handles it. */
  #onWrite({ author, request }: Arrival): void {
    if (request.id === 'get') return;
    const holder = textOf(specOf(request.body)['holderIdentity']);
    const isRenewal = holder === author.name && this.#server.current?.holder === holder;
    const stored = metadataOf(this.#server.current?.lease ?? {})['resourceVersion'];
    const isConflict = metadataOf(request.body)['resourceVersion'] !== stored;
    if (!isRenewal) this.#writes += 1;
    else if (isConflict) this.#renewalConflicts += 1;
  }

  #onCommit(before: Version | null, after: Version): void {
    const isRenewal = before?.holder === after.holder && before.write !== after.write;
    if (!isRenewal) this.#commits += 1;
    if (after.holder === '') return this.#onRelease();
    if (before?.holder === '') this.#tookMs = after.atMs - before.atMs;
  }

  /** What came since the release before is that hand-over. */
  #onRelease(): void {
    if (this.#wasTold) {
      this.#handOvers.push({
        tookMs: this.#tookMs,
        writes: this.#writes,
        events: this.#commits * this.#server.watcherCount,
        renewalConflicts: this.#renewalConflicts,
      });
    }
    [this.#wasTold, this.#isTold] = [this.#isTold, false];
    [this.#writes, this.#commits, this.#renewalConflicts] = [0, 0, 0];
  }
}

class CountingServer extends Server {
  readonly #onArrival: (arrival: Arrival) => void;

  constructor(world: World, onArrival: (arrival: Arrival) => void) {
    super(world);
    this.#onArrival = onArrival;
  }

  override handle(arrival: Arrival): ReturnType<Server['handle']> {
    this.#onArrival(arrival);
    return super.handle(arrival);
  }
}
