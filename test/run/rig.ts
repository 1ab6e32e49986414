/**
 * A driver in a world that the test holds in its hands: clock, API server, command and signals are values and lists.
 */
import type { RawLease } from '../../src/election/lease.ts';
import type { CommandEvent } from '../../src/election/event.ts';
import type { StartOptions, Supervisor } from '../../src/command/supervisor.ts';
import type { Answer, LeaseRequest, WatchEvent } from '../../src/election/lease.ts';
import type { Outcome, Report } from '../../src/election/report.ts';
import type { LeaseApi } from '../../src/lease/api.ts';
import { type Ports, type RunSettings, run } from '../../src/run.ts';
import { type LeaseStore, emptyStore, serve } from '../election/lease-store.ts';
import { candidate } from '../fixtures/candidate.ts';

export const settings: RunSettings = {
  ...candidate,
  leaseNamespace: 'space',
  stopSignal: 'SIGQUIT',
  signals: { hasTerminal: false },
};

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

export interface SentRequest {
  readonly request: LeaseRequest;
  readonly timeoutMs: number;
  isAbandoned: boolean;
  readonly answer: (answer: Answer) => void;
  readonly fail: (error: unknown) => void;
}

export interface OpenWatch {
  readonly resourceVersion: string | null;
  readonly silenceMs: number;
  isClosed: boolean;
  readonly tell: (event: WatchEvent) => void;
}

export class Rig {
  /** What was asked of the supervisor, in its order. */
  readonly asked: string[] = [];
  readonly starts: StartOptions[] = [];
  readonly requests: SentRequest[] = [];
  readonly watches: OpenWatch[] = [];
  readonly reports: Report[] = [];
  /** What the observer was shown. */
  readonly states: string[] = [];
  /** Reports and watches, in their order. */
  readonly log: string[] = [];
  readonly ended: Promise<Outcome>;
  /** Each ends a withdrawal of the Pod's label, in the order in which they were asked for. */
  readonly withdrawals: (() => void)[] = [];
  suspends = 0;
  isApiClosed = false;
  areSignalsClosed = false;
  store: LeaseStore = emptyStore;
  /** What the supervisor says within `start`, before it returns. */
  eventsAtStart: readonly CommandEvent[] = [];
  #bootMs = 0;
  #suspendedMs = 0;
  #timers = new Set<Timer>();
  #report: (event: CommandEvent) => void = () => undefined;
  #tellSignal: (signal: NodeJS.Signals) => void = () => undefined;

  readonly #observe: Ports['onState'];

  constructor(changes: Partial<RunSettings> = {}, observe?: Ports['onState']) {
    this.#observe = observe;
    this.ended = run({ ...settings, ...changes }, this.#ports());
  }

  /** Time passes and timers fire. */
  pass(ms: number): void {
    const untilMs = this.#bootMs + ms;
    for (let next = this.#nextTimer(untilMs); next !== null; next = this.#nextTimer(untilMs)) {
      this.#bootMs = Math.max(this.#bootMs, next.atMs);
      this.#timers.delete(next);
      next.callback();
    }
    this.#bootMs = untilMs;
  }

  /** Time passes while this thread does nothing. */
  stall(ms: number): void {
    this.#bootMs += ms;
  }

  /** The machine sleeps: timers stand still. */
  sleep(ms: number): void {
    this.#bootMs += ms;
    this.#suspendedMs += ms;
    this.#timers = new Set([...this.#timers].map((timer) => ({ ...timer, atMs: timer.atMs + ms })));
  }

  get bootMs(): number {
    return this.#bootMs;
  }

  get delaysMs(): number[] {
    return [...this.#timers].map(({ atMs }) => atMs - this.#bootMs);
  }

  report(event: CommandEvent): void {
    this.#report(event);
  }

  signal(signal: NodeJS.Signals): void {
    this.#tellSignal(signal);
  }

  get lastRequest(): SentRequest {
    const last = this.requests.at(-1);
    if (last === undefined) throw new Error('Nothing was sent');
    return last;
  }

  get lastWatch(): OpenWatch {
    const last = this.watches.at(-1);
    if (last === undefined) throw new Error('Nothing is watched');
    return last;
  }

  /** The last request reaches the server, and its answer the driver. */
  async answer(answer?: Answer): Promise<void> {
    const { request, answer: tell } = this.lastRequest;
    const served = serve(this.store, request, 0);
    if (answer === undefined) this.store = served.store;
    tell(answer ?? served.answer);
    await settled();
  }

  /** Guard and gate stand, and the free lease is won. */
  async lead(): Promise<void> {
    this.pass(0);
    this.report({ id: 'ready' });
    await this.answer();
    await this.answer();
  }

  #nextTimer(untilMs: number): Timer | null {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= untilMs);
    return due.sort((a, b) => a.atMs - b.atMs)[0] ?? null;
  }

  #ports(): Ports {
    return {
      clock: {
        bootMs: () => this.#bootMs,
        wallMs: () => Date.UTC(2026, 0, 1, 12) + this.#bootMs,
        suspendedMs: () => this.#suspendedMs,
        random: () => 0,
        setTimer: (delayMs, callback) => {
          const timer = { atMs: this.#bootMs + delayMs, callback };
          this.#timers.add(timer);
          return () => {
            for (const other of this.#timers) {
              if (other.callback === callback) this.#timers.delete(other);
            }
          };
        },
      },
      api: this.#api(),
      createSupervisor: (onEvent) => {
        this.#report = onEvent;
        return this.#supervisor();
      },
      listenToSignals: (onSignal) => {
        this.#tellSignal = onSignal;
        return { close: () => (this.areSignalsClosed = true) };
      },
      withdrawLabel: () => new Promise((resolve) => this.withdrawals.push(resolve)),
      suspend: () => (this.suspends += 1),
      report: (report) => {
        this.reports.push(report);
        this.log.push(`say ${report.id}`);
      },
      onState: (state, at) => {
        this.states.push(`${state.id} at ${at.bootMs}`);
        this.#observe?.(state, at);
      },
    };
  }

  #api(): LeaseApi {
    return {
      send: (request, timeoutMs) => {
        const { promise, resolve, reject } = deferred<Answer>();
        const sent: SentRequest = {
          request,
          timeoutMs,
          isAbandoned: false,
          answer: resolve,
          fail: reject,
        };
        this.requests.push(sent);
        return { answer: promise, abandon: () => (sent.isAbandoned = true) };
      },
      watch: (resourceVersion, silenceMs, onEvent) => {
        const watch: OpenWatch = { resourceVersion, silenceMs, isClosed: false, tell: onEvent };
        this.watches.push(watch);
        this.log.push('watch');
        return { close: () => (watch.isClosed = true) };
      },
      close: () => (this.isApiClosed = true),
    };
  }

  #supervisor(): Supervisor {
    return {
      prepare: () => this.asked.push('prepare'),
      start: (options) => {
        this.asked.push('start');
        this.starts.push(options);
        for (const event of this.eventsAtStart) this.report(event);
      },
      extend: (killAtMs) => this.asked.push(`extend to ${killAtMs}`),
      signal: (signal) => this.asked.push(`signal ${signal}`),
      signalTree: (signal) => this.asked.push(`signal tree ${signal}`),
      kill: () => this.asked.push('kill'),
      cancel: () => this.asked.push('cancel'),
    };
  }
}

/** All that promises have to do has been done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** A Lease that someone holds. */
export function held(holder: string, seconds: number): RawLease {
  const spec = { holderIdentity: holder, leaseDurationSeconds: seconds, renewTime: 'once' };
  return { metadata: { name: 'lock' }, spec };
}
