/**
 * One simulation: the shipped driver and core, unchanged, in a simulated world. First everything goes wrong that the
 * scenario holds, then all is healed and someone has to lead, then all are told to stop and nothing may be left.
 */
import { type Ambience, calmAmbience } from './ambience.ts';
import { Candidate, type Moment, type Replica, type Surroundings } from './candidate.ts';
import { ClientGo } from './client-go.ts';
import { beginFault } from './faults.ts';
import { Judge } from './judge.ts';
import { processOf } from './ledger.ts';
import { Link } from './link.ts';
import { Machine } from './machine.ts';
import { type FaultPlan, type Scenario, leaseDurationOf } from './scenario.ts';
import { Server } from './server.ts';
import { type Violation, World } from './world.ts';

export interface Result {
  readonly violation: Violation | null;
  readonly statistics: ReadonlyMap<string, number>;
  readonly simulatedMs: number;
  readonly trace: readonly string[];
}

/** What a stop may take beyond the grace: the kill, and the release with all its tries. */
const stopAllowanceMs = 8_000;

export async function simulate(scenario: Scenario, isTracing = false): Promise<Result> {
  const simulation = new Simulation(scenario, isTracing);
  await simulation.run();
  const { world } = simulation;
  const { violation, statistics, nowMs, trace } = world;
  return { violation, statistics, simulatedMs: nowMs, trace };
}

class Simulation {
  readonly world: World;
  readonly #scenario: Scenario;
  readonly #server: Server;
  readonly #judge: Judge;
  readonly #replicas: Replica[];
  /** Shared by all, so that healing heals all. */
  readonly #ambience: { -readonly [key in keyof Ambience]: Ambience[key] };
  readonly #moments = new Map<Moment, number>();
  #isHealed = false;
  #healedAtMs = Infinity;

  constructor(scenario: Scenario, isTracing: boolean) {
    this.#scenario = scenario;
    this.world = new World(scenario.seed, isTracing);
    this.#ambience = { ...scenario.ambience };
    this.#server = new Server(this.world);
    this.#judge = new Judge(this.world, this.#server, scenario, () =>
      this.#replicas.flatMap(({ standby }) => standby ?? []),
    );
    const around: Surroundings = {
      world: this.world,
      server: this.#server,
      judge: this.#judge,
      once: scenario.once,
      onMoment: (moment, replica) => this.#onMoment(moment, replica),
    };
    this.#replicas = scenario.replicas.map((replica, index) => {
      const name = `${replica.kind === 'client-go' ? 'go' : 'c'}${index}`;
      const machine = new Machine(this.world, name, replica.machine);
      const link = new Link(this.world, this.#server, this.#ambience);
      return replica.kind === 'client-go'
        ? new ClientGo(name, machine, link, replica.plan, around)
        : new Candidate(name, machine, link, replica.plan, around, scenario.terms[index] ?? {});
    });
    this.#server.onCommit((before, { holder, write }, { author }) => {
      const writer = this.#replicas.find(({ process }) => process?.name === processOf(author));
      // A successor that enters itself leaves the record as it is.
      if (writer === undefined || before?.write === write) return;
      this.#onMoment('landed', writer);
      const isAnothers = before?.write.author !== author;
      if (holder === '' && author.kind === 'client-go' && isAnothers)
        this.#onMoment('client-go cleared', writer);
      if (holder === '') return;
      if (author.kind === 'client-go') this.#onMoment('client-go landed', writer);
      else if (before?.write.author.kind === 'client-go' && before.holder !== '')
        this.#onMoment('client-go succeeded', writer);
    });
  }

  async run(): Promise<void> {
    const { world } = this;
    const check = () => this.#judge.check();
    this.#scenario.replicas.forEach(({ startsAtMs }, index) => {
      world.after(startsAtMs, () => this.#replicas[index]?.start());
    });
    this.#planFaults();
    await world.runUntil(this.#scenario.durationMs, check);
    this.#heal();
    const leadsByMs = world.nowMs + this.#recoveryMs();
    await world.runUntil(leadsByMs, check, () => this.#hasLeader());
    if (!this.#isBroken() && !this.#hasLeader())
      world.break(
        'a candidate leads',
        `no candidate leads ${this.#recoveryMs()} ms after all was healed`,
      );
    await this.#stopAll(check);
  }

  #planFaults(): void {
    for (const fault of this.#scenario.faults) {
      const { when } = fault;
      if (when.id !== 'at') continue;
      this.world.after(when.atMs, () => {
        const replica = this.#replicas[when.target % this.#replicas.length];
        if (replica !== undefined) this.#begin(fault, replica);
      });
    }
  }

  #onMoment(moment: Moment, replica: Replica): void {
    const count = (this.#moments.get(moment) ?? 0) + 1;
    this.#moments.set(moment, count);
    for (const fault of this.#scenario.faults) {
      const { when } = fault;
      if (when.id !== 'after' || when.moment !== moment || when.count !== count) continue;
      // The only one that can strike within a turn.
      const isWithinTurn = fault.id === 'held up at its next deed' && when.delayMs === 0;
      const target = when.target === undefined ? replica : this.#replicas[when.target];
      if (target === undefined) continue;
      if (isWithinTurn) this.#begin(fault, target);
      else this.world.after(when.delayMs, () => this.#begin(fault, target));
    }
  }

  #begin({ id, forMs }: FaultPlan, replica: Replica): void {
    if (this.#isHealed) return;
    const { world } = this;
    beginFault(id, { world, server: this.#server, replica, replicas: this.#replicas, forMs });
  }

  /** Faults under way end by themselves; none begin any more. */
  #heal(): void {
    this.world.tell('fault', () => 'all is healed');
    this.#isHealed = true;
    this.#healedAtMs = this.world.nowMs;
    Object.assign(this.#ambience, calmAmbience());
    this.#server.heal();
    for (const { process } of this.#replicas) process?.holdUpNext(0);
  }

  #isBroken(): boolean {
    return this.world.violation !== null;
  }

  #hasLeader(): boolean {
    // A job that is done needs no leader.
    if (this.#judge.doneAtMs > this.#healedAtMs) return true;
    return this.#judge.living.size > 0 || this.#judge.writes.claim?.author.kind === 'client-go';
  }

  /** Until the longest fault is over, the record has expired, and a candidate has read it. */
  #recoveryMs(): number {
    const { replicas, faults } = this.#scenario;
    const longestMs = Math.max(...replicas.map(({ plan }) => leaseDurationOf(plan)));
    const faultMs = Math.max(0, ...faults.map(({ forMs }) => forMs));
    const restartMs = Math.max(...replicas.map(({ plan }) => plan.longestRestartMs));
    return faultMs + 3 * longestMs + 2 * restartMs + 60_000;
  }

  async #stopAll(check: () => void): Promise<void> {
    const { world } = this;
    if (this.#isBroken()) return;
    const { replicas, faults } = this.#scenario;
    // Whose lease is lost already keeps the grace of that.
    const graces = replicas.flatMap(({ plan }) =>
      'settings' in plan ? [plan.settings.gracePeriodMs, plan.settings.lossGraceMs] : [],
    );
    const faultMs = Math.max(0, ...faults.map(({ forMs }) => forMs));
    const areKillable = replicas.every(({ plan }) => !('everEnds' in plan) || plan.everEnds);
    const lingerMs = areKillable ? 0 : 65_000;
    const withinMs = faultMs + Math.max(...graces) + stopAllowanceMs + lingerMs;
    for (const replica of this.#replicas) {
      replica.retire();
      replica.signal('SIGTERM');
    }
    const stillThere = () =>
      this.#replicas.filter(
        (replica) => replica instanceof Candidate && replica.process?.isAlive === true,
      );
    const isOver = () => stillThere().length === 0;
    await world.runUntil(world.nowMs + withinMs, check, isOver);
    if (this.#isBroken()) return;
    const left = stillThere();
    if (left.length > 0)
      world.break(
        'a stop ends',
        `${left.map(({ name }) => name).join(', ')} did not end within ${withinMs} ms`,
      );
    const trees = [...this.#judge.living].filter(
      ({ excuse, machine }) => excuse === null && machine.isAwake,
    );
    if (trees.length > 0 && left.length === 0)
      world.count('trees that died after all had ended', trees.length);
    if (this.#server.watcherCount > 0)
      world.break('nothing is left', `${this.#server.watcherCount} watches are open`);
  }
}
