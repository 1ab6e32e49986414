/** One replica: leader-run as it is shipped, started again whenever it has ended, as Kubernetes or cron would. */
import type { Supervisor } from '../../src/command/supervisor.ts';
import { WarmSupervisor } from '../../src/command/warm-supervisor.ts';
import type { CommandEvent } from '../../src/election/event.ts';
import type { Outcome } from '../../src/election/report.ts';
import { type RunSettings, run } from '../../src/run.ts';
import { type Behaviour, asJob, drawBehaviour } from './behaviour.ts';
import type { Standby } from './judge-hand-over.ts';
import type { Judge } from './judge.ts';
import { SimulatedLeaseApi, describeRequest } from './lease-api.ts';
import { Ledger } from './ledger.ts';
import type { Link } from './link.ts';
import { type OncePlan, ruleAt } from './once.ts';
import type { Machine } from './machine.ts';
import { SimulatedProcess } from './process.ts';
import type { Author, Server } from './server.ts';
import { SimulatedSupervisor } from './supervisor.ts';
import type { TermPlan } from './terms.ts';
import type { World } from './world.ts';

/** What takes part in the election. */
export interface Replica {
  readonly name: string;
  readonly machine: Machine;
  readonly link: Link;
  readonly process: SimulatedProcess | null;
  /** What it is as a standby, if it is one. */
  readonly standby: Standby | null;
  start(): void;
  /** SIGKILL. */
  crash(): void;
  signal(signal: NodeJS.Signals): void;
  loseGuard(): void;
  /** From now on it is not started again. */
  retire(): void;
}

export interface CandidatePlan {
  readonly settings: Omit<RunSettings, 'identity'>;
  /** `null`: another one each time it is started. */
  readonly identity: string | null;
  /** What lies between its end and its next start, ms. */
  readonly longestRestartMs: number;
  /** RBAC grants it `watch`. */
  readonly mayWatch: boolean;
  /** Its commands exit within seconds of the stop signal. */
  readonly everEnds: boolean;
  /** What all its commands are like; not there: drawn for each. */
  readonly behaviour?: Behaviour;
}

/** The surroundings that all replicas share. */
export interface Surroundings {
  readonly world: World;
  readonly server: Server;
  readonly judge: Judge;
  readonly once: OncePlan | null;
  readonly onMoment: (moment: Moment, replica: Replica) => void;
}

/** Something that faults can be tied to. */
export type Moment =
  | 'acquired'
  | 'command-started'
  | 'request'
  | 'landed'
  /** client-go has acquired or renewed; another has taken the lease from it. */
  | 'client-go landed'
  | 'client-go succeeded'
  /** client-go has emptied the record of another. */
  | 'client-go cleared'
  | 'released'
  | 'stopping-command'
  | 'killing-tree'
  | 'command-ended'
  | 'renewal-failed';

export class Candidate implements Replica {
  readonly name: string;
  readonly machine: Machine;
  readonly link: Link;
  readonly #plan: CandidatePlan;
  readonly #around: Surroundings;
  readonly #terms: TermPlan;
  process: SimulatedProcess | null = null;
  #ledger: Ledger | null = null;
  #supervisor: SimulatedSupervisor | null = null;
  #onSignal: ((signal: NodeJS.Signals) => void) | null = null;
  #starts = 0;
  #isRetired = false;

  constructor(
    name: string,
    machine: Machine,
    link: Link,
    plan: CandidatePlan,
    around: Surroundings,
    terms: TermPlan,
  ) {
    this.#terms = terms;
    this.name = name;
    this.machine = machine;
    this.link = link;
    link.mayWatch = plan.mayWatch;
    this.#plan = plan;
    this.#around = around;
  }

  get standby(): Standby | null {
    const { process } = this;
    const ledger = this.#ledger;
    if (process === null || ledger === null || !process.isResponsive) return null;
    if (ledger.tree !== null || ledger.stopRequestedAtMs !== null) return null;
    // One that may not watch polls, and is slow.
    if (!this.#plan.mayWatch) return null;
    const { leaseDurationMs, retryPeriodMs } = ledger.settings;
    const { name } = ledger.author;
    // Who has given it back of its own stays out for a while.
    const freeAtMs = name === process.name ? 0 : ledger.enteredAtMs + 2 * retryPeriodMs;
    return { name, leaseDurationMs, sinceMs: Math.max(process.responsiveSinceMs, freeAtMs) };
  }

  start(): void {
    if (this.#isRetired) return;
    const { world, server, judge, once } = this.#around;
    const { machine, link } = this;
    const name = `${this.name}.${++this.#starts}`;
    const identity = this.#plan.identity ?? name;
    const settings: RunSettings = {
      ...this.#plan.settings,
      ...this.#terms,
      nominates: this.#terms.nominates === true && this.#plan.settings.waitMs === Infinity,
      identity,
      once: once === null ? null : ruleAt(once, world.nowMs),
    };
    const process = new SimulatedProcess(name, machine, world, link.ambience);
    this.process = process;
    let terms = 1;
    let ledger = this.#enter(process, settings, name);
    const api = new SimulatedLeaseApi(process, () => ledger.author, link, server, {
      onSend: (arrival, pending) => {
        world.tell(name, () => `sends ${describeRequest(arrival.request)}`);
        judge.onSend(ledger, arrival, pending);
        if (arrival.request.id !== 'get') this.#around.onMoment('request', this);
      },
      onAnswer: (answer, arrival) => judge.onAnswer(ledger, answer, arrival),
      onEvent: (event) => judge.onEvent(ledger, event),
    });
    run(settings, {
      clock: {
        bootMs: () => process.bootMs(),
        wallMs: () => machine.wallMs(),
        suspendedMs: () => machine.suspendedMs(),
        random: () => world.random.next(),
        setTimer: (delayMs, callback) => process.setTimer(delayMs, callback),
      },
      api,
      createSupervisor: (onEvent) =>
        settings.isWarm === true
          ? this.#createWarmSupervisor(process, settings, onEvent)
          : this.#createSupervisor(process, settings, onEvent),
      listenToSignals: (onSignal) => {
        this.#onSignal = onSignal;
        return {
          close: () => {
            this.#onSignal = null;
            // What waits for the end of the run has to run now.
            world.hasSettled = true;
          },
        };
      },
      suspend: () => undefined,
      withdrawLabel: () => this.#withdrawLabel(ledger),
      report: (report) => {
        world.tell(name, () => `says ${JSON.stringify(report)}`);
        judge.onReport(ledger, report);
        // It is a candidate as if it had been started again.
        if (report.id === 'rejoining') ledger = this.#enterAgain(ledger, `${name}+${(terms += 1)}`);
        if (isMoment(report.id)) this.#around.onMoment(report.id, this);
      },
    }).then(
      (outcome) => this.#onOutcome(process, ledger, api, outcome),
      (error: unknown) => {
        judge.onCrash(ledger, error);
        process.end();
      },
    );
  }

  #enter(process: SimulatedProcess, settings: RunSettings, name: string): Ledger {
    const { judge, server } = this.#around;
    const author: Author = { name, kind: 'leader-run' };
    const ledger = new Ledger(process, author, settings, server);
    this.#ledger = ledger;
    judge.enter(ledger);
    judge.writes.enter({
      author,
      machine: this.machine,
      leaseDurationMs: settings.leaseDurationMs,
      tree: () => ledger.tree,
      newestSeenMs: (term, byBootMs) => ledger.newestSeenMs(term, byBootMs),
      sameSinceMs: () => ledger.sameSinceMs,
    });
    return ledger;
  }

  #enterAgain(before: Ledger, name: string): Ledger {
    const { judge, world } = this.#around;
    world.count('rejoined');
    judge.onRejoin(before);
    const ledger = this.#enter(before.process, before.settings, name);
    ledger.stopRequestedAtMs = before.stopRequestedAtMs;
    return ledger;
  }

  /** The shipped `--warm`. */
  #createWarmSupervisor(
    process: SimulatedProcess,
    settings: RunSettings,
    onEvent: (event: CommandEvent) => void,
  ): Supervisor {
    return new WarmSupervisor({
      create: (onEventOfProcess) => this.#createSupervisor(process, settings, onEventOfProcess),
      onEvent,
      environment: {},
      promoteSignal: null,
      stopSignal: settings.stopSignal,
      gracePeriodMs: settings.gracePeriodMs,
      renewDeadlineMs: settings.renewDeadlineMs,
      clock: {
        bootMs: () => process.bootMs(),
        setTimer: (delayMs, callback) => process.setTimer(delayMs, callback),
      },
    });
  }

  #createSupervisor(
    process: SimulatedProcess,
    settings: RunSettings,
    onEvent: (event: CommandEvent) => void,
  ): SimulatedSupervisor {
    const { world, judge, once } = this.#around;
    const { everEnds, behaviour: planned } = this.#plan;
    /** Of the term that its command is started for. */
    let ledger: Ledger | null = null;
    const { processRandom } = this.machine;
    const drawn = planned ?? drawBehaviour(world.random, processRandom, everEnds);
    const behaviour = once === null ? drawn : asJob(drawn, processRandom);
    world.tell(
      process.name,
      () => `starts as "${settings.identity}", command ${JSON.stringify(behaviour)}`,
    );
    const supervisor = new SimulatedSupervisor(
      process,
      this.link.ambience,
      behaviour,
      {
        onStart: (tree, options) => {
          ledger = this.#ledger;
          if (ledger !== null) judge.onStart(ledger, tree, options);
        },
        onAlive: (tree) => judge.onAlive(tree),
        onDead: (tree) => judge.onDead(tree),
        onKilled: (tree) => judge.onKilled(tree),
        onStopSignal: (tree) => judge.onStopSignal(tree),
      },
      (event) => {
        if (event.id === 'ended' && ledger !== null) ledger.endedAtMs ??= process.bootMs();
        onEvent(event);
      },
    );
    this.#supervisor = supervisor;
    return supervisor;
  }

  /** A request to another part of the API server, which may take any time. */
  #withdrawLabel(ledger: Ledger): Promise<void> {
    const { world } = this.#around;
    const { process } = ledger;
    ledger.labelAskedAtMs ??= process.bootMs();
    return new Promise((resolve) => {
      this.machine.sleep(this.machine.processRandom.logBetween(1, 5_000), () =>
        process.post(() => {
          ledger.isLabelGone = true;
          world.hasSettled = true;
          resolve();
        }),
      );
    });
  }

  #onOutcome(
    process: SimulatedProcess,
    ledger: Ledger,
    api: SimulatedLeaseApi,
    outcome: Outcome,
  ): void {
    const { world, judge } = this.#around;
    world.tell(process.name, () => `ends: ${JSON.stringify(outcome)}`);
    if (!process.isAlive) return;
    judge.onOutcome(ledger, outcome);
    const isListening = this.#onSignal !== null;
    if (process.timerCount > 0 || api.openCount > 0 || !api.isClosed || isListening) {
      const left = `${process.timerCount} timers, ${api.openCount} requests and watches`;
      world.break('nothing is left', `${process.name} ended with ${left}`);
    }
    process.end();
    this.#ended(ledger);
  }

  crash(): void {
    const { process } = this;
    const ledger = this.#ledger;
    if (process?.isAlive !== true || ledger === null) return;
    this.#around.world.tell(process.name, () => 'gets SIGKILL');
    process.end();
    this.#ended(ledger);
  }

  #ended(ledger: Ledger): void {
    const { world, judge } = this.#around;
    if (ledger.tree === null || ledger.tree.state === 'dead') judge.leave(ledger);
    if (this.#isRetired) return;
    world.after(world.random.logBetween(50, this.#plan.longestRestartMs), () => {
      this.machine.whenAwake(() => this.start());
    });
  }

  signal(signal: NodeJS.Signals): void {
    const { process } = this;
    const ledger = this.#ledger;
    if (process === null || ledger === null) return;
    process.post(() => {
      this.#around.world.tell(process.name, () => `gets ${signal}`);
      if (this.#onSignal === null) return;
      // What is asked of the label comes with the stop, of whatever cause.
      ledger.isAskedAgain ||= ledger.stopRequestedAtMs !== null || ledger.labelAskedAtMs !== null;
      ledger.stopRequestedAtMs ??= process.bootMs();
      this.#onSignal(signal);
      // Time comes first: a term that was over in this very turn stopped before it was asked to.
      ledger.isAskedAgain ||= ledger.stopsOfOwn;
    });
  }

  loseGuard(): void {
    this.#supervisor?.loseGuard();
  }

  retire(): void {
    this.#isRetired = true;
  }
}

const moments = new Set<string>([
  'acquired',
  'released',
  'command-started',
  'stopping-command',
  'killing-tree',
  'command-ended',
  'renewal-failed',
]);

function isMoment(id: string): id is Moment {
  return moments.has(id);
}
