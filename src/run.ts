/**
 * The driver: owns the queue of events, performs the core's effects in their order and feeds what comes of them back.
 *
 * It decides nothing: the election is `step()`, the world is in the ports. The simulator runs this very file.
 */
import type { Supervisor } from './command/supervisor.ts';
import { environmentOf } from './command/term-environment.ts';
import { Alarm } from './process/alarm.ts';
import { meaningOf } from './process/signals.ts';
import type { Effect } from './election/effect.ts';
import type { CommandEvent, ElectionEvent } from './election/event.ts';
import type { Outcome } from './election/report.ts';
import { initialStandby } from './election/beginning.ts';
import type { State } from './election/state.ts';
import { nextDeadlineMs, step } from './election/step.ts';
import { Traffic } from './lease/traffic.ts';
import type { Ports, RunSettings } from './ports.ts';

export type { Clock, Ports, RunSettings } from './ports.ts';

/** While a command lives the clock is read this often, ms: timers stand still while the machine sleeps. */
const wakeCheckMs = 200;

/** An event in the queue. It counts if what it is of has not been replaced when its turn comes, by a term that has ended meanwhile. */
interface Arrival {
  readonly event: ElectionEvent;
  readonly isPresent: () => boolean;
}

/** Runs one candidacy to its end. */
export function run(settings: RunSettings, ports: Ports): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    new Driver(settings, ports, resolve, reject).begin();
  });
}

class Driver {
  readonly #settings: RunSettings;
  readonly #ports: Ports;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #reject: (error: unknown) => void;
  #supervisor: Supervisor;
  readonly #signals: { close(): void };
  readonly #traffic: Traffic;
  readonly #queue: Arrival[] = [];
  readonly #alarm: Alarm;
  #state: State;
  /** null: guard and gate are made, or being made. */
  #cancelPreparing: (() => void) | null = null;
  #isDraining = false;
  #hasFailed = false;
  /** `dismissed`: the candidacy ended before it was started, and it is on its way out. */
  #command: 'none' | 'dismissed' | 'started' | 'ended' | 'gone' = 'none';
  /** A warm command runs before it is started as a leader's. */
  #commandRuns = false;
  /** What the election was told of a command that no term has started yet. */
  #unstarted: Arrival[] = [];
  #outcome: Outcome | null = null;
  #withdrawals = 0;

  constructor(
    settings: RunSettings,
    ports: Ports,
    resolve: (outcome: Outcome) => void,
    reject: (error: unknown) => void,
  ) {
    this.#settings = settings;
    this.#ports = ports;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#state = initialStandby(settings, ports.clock.bootMs());
    this.#alarm = new Alarm(ports.clock, () => this.#enqueue({ id: 'time', jump: null }));
    this.#traffic = new Traffic(
      ports.api,
      (event, isPresent) => this.#enqueue(event, isPresent),
      (error) => this.#fail(error),
    );
    this.#supervisor = this.#createSupervisor();
    this.#signals = ports.listenToSignals((signal) => this.#onSignal(signal));
  }

  begin(): void {
    // The first request is on its way before guard and gate are made, which takes this thread some time.
    this.#prepareSoon();
    this.#enqueue({ id: 'begin' });
  }

  /** The guard of a term that is over, `former`, ends first: it would take what comes next for its own. */
  #prepareSoon(former: Supervisor | null = null): void {
    this.#cancelPreparing = this.#ports.clock.setTimer(0, () => {
      this.#cancelPreparing = null;
      former?.cancel();
      this.#supervisor.prepare();
    });
  }

  /**
   * For a new term. A command that no term has started serves the next one: a warm one need not start again, and no one waits for its end.
   * What was told of it is told again, before what else is waiting.
   */
  #prepareAgain(): void {
    if (this.#command === 'none') {
      this.#queue.unshift(...this.#unstarted);
      this.#unstarted = [];
      return;
    }
    const former = this.#supervisor;
    this.#command = 'none';
    this.#unstarted = [];
    this.#supervisor = this.#createSupervisor();
    this.#prepareSoon(former);
  }

  #createSupervisor(): Supervisor {
    const supervisor: Supervisor = this.#ports.createSupervisor((event) =>
      this.#enqueue({ id: 'command', event }, () => supervisor === this.#supervisor),
    );
    return supervisor;
  }

  /** What was asked for in a term before says nothing of this one, after a rejoin. */
  #withdrawLabel(): void {
    const withdrawal = (this.#withdrawals += 1);
    const isDone = () =>
      this.#enqueue({ id: 'label-withdrawn' }, () => withdrawal === this.#withdrawals);
    void (this.#ports.withdrawLabel?.() ?? Promise.resolve()).then(isDone, isDone);
  }

  #enqueue(event: ElectionEvent, isPresent = () => true): void {
    this.#queue.push({ event, isPresent });
    // Effects may cause events while they are performed: those wait until all effects of the turn are done.
    if (this.#isDraining || this.#hasFailed) return;
    this.#isDraining = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#turn(next);
      }
      this.#setAlarm();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isDraining = false;
    }
  }

  #turn(arrival: Arrival): void {
    // After a sleep or a stall the clock is read before anything else, and the jump is reported: it may end a term.
    const jump = this.#alarm.takeJump();
    if (jump !== null) {
      this.#queue.unshift(arrival);
      return this.#step({ id: 'time', jump });
    }
    if (!arrival.isPresent()) return;
    const { event } = arrival;
    if (event.id === 'command' && !this.#noteCommandEvent(event.event, arrival)) return;
    this.#step(event);
  }

  #step(event: ElectionEvent): void {
    const { clock, awaited } = this.#ports;
    const at = {
      bootMs: clock.bootMs(),
      wallMs: clock.wallMs(),
      random: clock.random(),
      awaited: awaited?.() ?? null,
    };
    const { state, effects } = step(this.#state, event, at);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    this.#ports.onState?.(state, at);
  }

  #setAlarm(): void {
    const isAlive = this.#command === 'started' || this.#command === 'ended';
    const wakeMs = isAlive ? this.#ports.clock.bootMs() + wakeCheckMs : Infinity;
    this.#alarm.set(Math.min(nextDeadlineMs(this.#state), wakeMs));
  }

  #perform(effect: Effect): void {
    switch (effect.id) {
      case 'send':
        return this.#traffic.send(effect);
      case 'abandon':
        return this.#traffic.abandon(effect);
      case 'watch':
        return this.#traffic.watch(effect);
      case 'unwatch':
        return this.#traffic.unwatch();
      case 'start-command': {
        const { term, notAfterMs, killAtMs } = effect;
        const environment = environmentOf(this.#settings, term);
        this.#command = 'started';
        this.#commandRuns = true;
        return this.#supervisor.start({ environment, notAfterMs, killAtMs });
      }
      case 'extend-guard':
        return this.#supervisor.extend(effect.killAtMs, this.#state.id === 'leading');
      case 'signal-command':
        return this.#supervisor.signal(effect.signal);
      case 'stop-command':
        return this.#supervisor.signal(this.#settings.stopSignal);
      case 'stop-tree':
        return this.#supervisor.signalTree('SIGTERM');
      case 'kill-tree':
        return this.#supervisor.kill();
      case 'prepare-command':
        return this.#prepareAgain();
      case 'withdraw-label':
        return this.#withdrawLabel();
      case 'report':
        return this.#ports.report(effect.report);
      case 'finish':
        return this.#finish(effect.outcome);
    }
  }

  /** Whether the election is to hear of it. */
  #noteCommandEvent(event: CommandEvent, arrival: Arrival): boolean {
    if (event.id === 'ready') this.#commandRuns = this.#settings.isWarm === true;
    if (['ended', 'gone', 'too-late', 'failed'].includes(event.id)) this.#commandRuns = false;
    // Nothing else that it may still say concerns us.
    if (this.#command === 'dismissed') {
      if (event.id === 'gone') this.#command = 'gone';
      if (event.id === 'gone' && this.#outcome !== null) this.#settle(this.#outcome);
      return false;
    }
    if (this.#command === 'none') this.#unstarted.push(arrival);
    // A warm command that was not promoted has no term to end.
    const isUnpromoted = event.id === 'ended' && this.#command === 'none';
    if ((event.id === 'ended' || event.id === 'gone') && !isUnpromoted) this.#command = event.id;
    if (this.#command === 'started' && (event.id === 'too-late' || event.id === 'failed'))
      this.#command = 'gone';
    return true;
  }

  #onSignal(signal: NodeJS.Signals): void {
    const { signals, stopSignal } = this.#settings;
    const isStopping = ['stepping-down', 'losing'].includes(this.#state.id);
    const meaning = meaningOf(signal, { ...signals, commandRuns: this.#commandRuns, isStopping });
    switch (meaning.id) {
      case 'stop': {
        const forwardAs = signal === 'SIGTERM' ? stopSignal : meaning.forwardAs;
        // A warm command on its way out is asked again, as one that leads would be.
        if (this.#command === 'dismissed' && forwardAs !== null)
          return this.#supervisor.signal(forwardAs);
        this.#enqueue({ id: 'stop-requested', signal, forwardAs });
        // What no term has started none will: it need not outlast a release.
        return this.#dismiss();
      }
      case 'forward':
        return this.#supervisor.signal(signal);
      case 'suspend':
        return this.#ports.suspend();
      case 'ignore':
        return;
    }
  }

  /** The candidacy is over: nothing of it may be left. */
  #finish(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#traffic.close();
    this.#dismiss();
    // A gate that never got its "go" is gone before the end.
    if (this.#command !== 'dismissed') this.#settle(outcome);
  }

  /** Ends what no term has started. */
  #dismiss(): void {
    if (this.#command !== 'none' || this.#hasFailed) return;
    this.#cancelPreparing?.();
    if (this.#cancelPreparing !== null) return;
    this.#command = 'dismissed';
    this.#supervisor.cancel();
  }

  #settle(outcome: Outcome): void {
    this.#alarm.cancel();
    this.#signals.close();
    this.#resolve(outcome);
  }

  /** A bug, perhaps one that would have made two leaders: the tree must not outlive it, and nothing more is believed or sent. */
  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#alarm.cancel();
    this.#supervisor.kill();
    this.#traffic.close();
    this.#reject(error instanceof Error ? error : new Error(String(error)));
  }
}
