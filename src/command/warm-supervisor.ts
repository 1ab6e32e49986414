/**
 * `--warm`: the command starts at once, on standbys too, and is told when it leads. The gate moves into the program: what was "go" is a
 * line on a descriptor of its own, and end of file without a line means never.
 *
 * To the election this is a supervisor like any other, ready when the program runs. Until it is promoted it is nobody's leader, and not watched
 * over but for the death of leader-run.
 */
import type { CommandEvent } from '../election/event.ts';
import type { Clock } from '../ports.ts';
import type { StartOptions, Supervisor } from './supervisor.ts';

/** The supervisor of the processes. */
export interface PromotableSupervisor extends Supervisor {
  /** Tells the command that it leads: the line, and the signal if there is one. Synchronous; a command that does not listen is let be. */
  promote(line: string, signal: NodeJS.Signals | null): void;
}

export interface WarmOptions {
  /** Makes the supervisor of the processes. */
  readonly create: (onEvent: (event: CommandEvent) => void) => PromotableSupervisor;
  readonly onEvent: (event: CommandEvent) => void;
  /** What the command gets from the start. */
  readonly environment: Readonly<Record<string, string>>;
  /** Told along with the line. */
  readonly promoteSignal: NodeJS.Signals | null;
  readonly stopSignal: NodeJS.Signals;
  readonly gracePeriodMs: number;
  readonly renewDeadlineMs: number;
  readonly clock: Pick<Clock, 'bootMs' | 'setTimer'>;
}

/** setTimeout takes no more. */
const longestTimerMs = 2 ** 31 - 1;

/** What the command is to be told, and how long before the guard's deadline that has to be. */
interface Promotion {
  readonly line: string;
  readonly marginMs: number;
}

export class WarmSupervisor implements Supervisor {
  readonly #options: WarmOptions;
  readonly #inner: PromotableSupervisor;
  #phase: 'preparing' | 'starting' | 'standby' | 'promoted' | 'dismissed' = 'preparing';
  #pid = 0;
  #hasFailed = false;
  #hasEnded = false;
  #isGone = false;
  #promotion: Promotion | null = null;
  #cancelKill: () => void = () => undefined;

  constructor(options: WarmOptions) {
    this.#options = options;
    this.#inner = options.create((event) => this.#heard(event));
  }

  prepare(): void {
    this.#inner.prepare();
  }

  start({ environment, notAfterMs, killAtMs }: StartOptions): void {
    this.#phase = 'promoted';
    const promotedByMs = notAfterMs - this.#options.renewDeadlineMs / 2;
    this.#promotion = { line: lineOf(environment), marginMs: killAtMs - promotedByMs };
    this.extend(killAtMs);
    this.#options.onEvent({ id: 'started', pid: this.#pid });
  }

  /** The guard first: should we be stopped between the two, it knows when to kill what may take itself for the leader. */
  extend(killAtMs: number, isLeading = true): void {
    if (this.#phase !== 'promoted') return;
    this.#inner.extend(killAtMs);
    const { clock, promoteSignal } = this.#options;
    if (!isLeading) this.#promotion = null;
    // If we were stopped until past t+R/2, the promotion waits for another renewal.
    if (this.#promotion === null || clock.bootMs() >= killAtMs - this.#promotion.marginMs) return;
    this.#inner.promote(this.#promotion.line, promoteSignal);
    this.#promotion = null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#inner.signal(signal);
  }

  signalTree(signal: NodeJS.Signals): void {
    this.#inner.signalTree(signal);
  }

  kill(): void {
    this.#inner.kill();
  }

  /** It was never promoted: it is stopped as a leader would be. */
  cancel(): void {
    const before = this.#phase;
    this.#phase = 'dismissed';
    const { clock, gracePeriodMs, onEvent } = this.#options;
    if (this.#isGone) {
      this.#inner.cancel();
      // A term has heard of it already, and nothing of one may be left.
      if (before !== 'promoted') clock.setTimer(0, () => onEvent({ id: 'gone' }));
      return;
    }
    if (before === 'preparing' || this.#hasFailed) return this.#inner.cancel();
    // What is being started is asked when it has been.
    if (before !== 'starting') this.#askToStop();
    if (gracePeriodMs === Infinity) return;
    const killInMs = Math.min(gracePeriodMs, longestTimerMs);
    this.#cancelKill = clock.setTimer(killInMs, () => this.#inner.kill());
  }

  #askToStop(): void {
    if (this.#hasEnded) this.#inner.signalTree('SIGTERM');
    else this.#inner.signal(this.#options.stopSignal);
  }

  #heard(event: CommandEvent): void {
    const { onEvent, environment } = this.#options;
    if (event.id === 'ended') this.#hasEnded = true;
    if (event.id === 'failed') this.#hasFailed = true;
    if (event.id === 'gone') {
      this.#isGone = true;
      this.#cancelKill();
    }
    switch (this.#phase) {
      case 'promoted':
        return onEvent(event);
      case 'dismissed':
        if (event.id === 'started') this.#askToStop();
        if (event.id === 'failed') this.#inner.cancel();
        if (event.id === 'ended') this.#inner.signalTree('SIGTERM');
        if (event.id === 'gone') onEvent(event);
        return;
      case 'preparing':
        if (event.id !== 'ready') return onEvent(event);
        this.#phase = 'starting';
        return this.#inner.start({ environment, notAfterMs: Infinity, killAtMs: Infinity });
      case 'starting':
        if (event.id !== 'started') return onEvent(event);
        this.#phase = 'standby';
        this.#pid = event.pid;
        return onEvent({ id: 'ready' });
      case 'standby':
        // What it leaves behind is stopped when the candidacy is over.
        if (event.id === 'ended' || event.id === 'unguarded' || event.id === 'failed')
          onEvent(event);
    }
  }
}

/** `LEADER_RUN_FENCING_TOKEN=4711 …`: what else is told by variables. */
function lineOf(environment: Readonly<Record<string, string>>): string {
  const names = ['FENCING_TOKEN', 'LEASE_TRANSITIONS', 'ACQUIRE_TIME'];
  return names
    .map((name) => `LEADER_RUN_${name}=${environment[`LEADER_RUN_${name}`] ?? ''}`)
    .join(' ');
}
