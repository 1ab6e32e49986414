/**
 * A Node process: one thread that takes up what has come in when it can. It may be stopped, blocked in the middle of a
 * turn, suspended with its machine, or killed.
 */
import type { Machine, Sleep } from './machine.ts';
import type { World } from './world.ts';
import type { Ambience } from './ambience.ts';

interface Task {
  readonly isTimer: boolean;
  readonly run: () => void;
}

interface Timer {
  sleep: Sleep | null;
  isCancelled: boolean;
}

export class SimulatedProcess {
  readonly name: string;
  readonly machine: Machine;
  readonly world: World;
  readonly #ambience: Ambience;
  readonly #timers = new Set<Timer>();
  readonly #onDeath: (() => void)[] = [];
  #inbox: Task[] = [];
  #isStopped = false;
  /** What came in while it was held up is being taken up. */
  #isCatchingUp = false;
  /** Its thread is busy, until {@link #resume}: other things of that very instant come before it reacts. */
  #isBusy = false;
  /** True time until which it is. */
  #busyUntilMs = 0;
  /** How far the turn that is under way has got beyond the instant at which it began, ms. */
  #lagMs = 0;
  #holdUpMs = 0;
  #isInTurn = false;
  isAlive = true;
  /** Whether it could react at once when it was ended. */
  wasResponsive = false;
  diedAtMs: number | null = null;
  /** True time since when it has been able to react at once. */
  responsiveSinceMs: number;

  constructor(name: string, machine: Machine, world: World, ambience: Ambience) {
    this.name = name;
    this.machine = machine;
    this.world = world;
    this.#ambience = ambience;
    this.responsiveSinceMs = world.nowMs;
  }

  get isResponsive(): boolean {
    return (
      this.isAlive &&
      !this.#isStopped &&
      this.machine.isAwake &&
      !this.#isBusy &&
      !this.#isCatchingUp &&
      this.#inbox.length === 0
    );
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  bootMs(): number {
    return this.machine.bootMs() + this.#lagMs * this.machine.rate;
  }

  /** Something has come in for it. */
  post(run: () => void, isTimer = false): void {
    if (!this.isAlive) return;
    // Nothing comes in between the deeds of one turn.
    if (this.#isInTurn) this.world.after(0, () => this.post(run, isTimer));
    else if (this.isResponsive) this.#take(run);
    else this.#inbox.push({ isTimer, run });
  }

  /** As setTimeout: whole milliseconds, rarely a little early, often late. */
  setTimer(delayMs: number, callback: () => void): () => void {
    const { random } = this.world;
    const dueMs =
      Math.max(1, Math.trunc(delayMs)) + random.between(-0.9, this.#ambience.timerLatenessMs);
    const timer: Timer = { sleep: null, isCancelled: false };
    const begin = () => {
      if (timer.isCancelled || !this.isAlive) return;
      timer.sleep = this.machine.sleep(dueMs, () => {
        this.#timers.delete(timer);
        this.post(() => {
          if (!timer.isCancelled) callback();
        }, true);
      });
    };
    this.#timers.add(timer);
    // A turn that was held up gets to it later.
    if (this.#lagMs === 0) begin();
    else this.world.after(this.#lagMs, begin);
    return () => {
      timer.isCancelled = true;
      this.#timers.delete(timer);
      this.machine.wakeNever(timer.sleep);
    };
  }

  /** What a turn does to the outside; the thread may be held up right before it. */
  act(action: () => void): void {
    if (!this.isAlive) return;
    const stallMs = this.#stallAtNextDeedMs();
    if (stallMs > 0) {
      this.world.count('fault: stalled within a turn');
      this.world.tell(this.name, () => `is held up for ${stallMs.toFixed(1)} ms within its turn`);
      this.#lagMs += stallMs;
      const forMs = this.#lagMs;
      this.#beBusy(forMs);
      // The next turn comes after all deeds of this one.
      this.world.whenSettled(() => this.world.after(forMs, () => this.#resume()));
    }
    if (this.#lagMs === 0) return action();
    this.world.after(this.#lagMs, () => {
      if (this.isAlive) this.machine.whenAwake(() => this.isAlive && action());
    });
  }

  /** Holds the thread up right before the next thing that it does to the outside; 0: not any more. */
  holdUpNext(forMs: number): void {
    this.#holdUpMs = forMs;
  }

  #stallAtNextDeedMs(): number {
    const plannedMs = this.#holdUpMs;
    this.#holdUpMs = 0;
    if (plannedMs > 0 || !this.world.random.chance(this.#ambience.turnStall)) return plannedMs;
    return this.world.random.logBetween(1, this.#ambience.longestTurnStallMs);
  }

  /** Blocks the thread. */
  stall(forMs: number): void {
    this.#beBusy(forMs);
    this.world.after(forMs, () => this.#resume());
  }

  #beBusy(forMs: number): void {
    this.#isBusy = true;
    this.#busyUntilMs = Math.max(this.#busyUntilMs, this.world.nowMs + forMs);
  }

  stop(): void {
    this.#isStopped = true;
  }

  continue(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#resume();
  }

  wake(): void {
    this.#resume();
  }

  onDeath(action: () => void): void {
    this.#onDeath.push(action);
  }

  /** Ends it: by itself or by SIGKILL, its descriptors are closed. */
  end(): void {
    if (!this.isAlive) return;
    this.wasResponsive = this.isResponsive;
    this.diedAtMs = this.world.nowMs;
    this.isAlive = false;
    for (const { sleep } of this.#timers) this.machine.wakeNever(sleep);
    for (const action of this.#onDeath) action();
  }

  /** Takes up what came in meanwhile: after a stop what was read first, or the timers first; each as a turn of its own. */
  #resume(): void {
    if (!this.isAlive || this.#isStopped || !this.machine.isAwake) return;
    if (this.world.nowMs < this.#busyUntilMs) return;
    this.#isBusy = false;
    if (this.world.random.chance(0.5)) this.#timersFirst();
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    this.#takeNext();
  }

  #timersFirst(): void {
    this.#inbox = [
      ...this.#inbox.filter(({ isTimer }) => isTimer),
      ...this.#inbox.filter(({ isTimer }) => !isTimer),
    ];
  }

  #takeNext(): void {
    const isHeldUp = this.#isStopped || !this.machine.isAwake || this.#isBusy;
    if (!this.isAlive || isHeldUp) {
      this.#isCatchingUp = false;
      return;
    }
    const task = this.#inbox.shift();
    if (task === undefined) {
      this.#isCatchingUp = false;
      this.responsiveSinceMs = this.world.nowMs;
      return;
    }
    this.#take(task.run);
    this.world.after(0.02, () => this.#takeNext());
  }

  #take(run: () => void): void {
    this.#lagMs = 0;
    this.#isInTurn = true;
    this.world.whenSettled(() => (this.#isInTurn = false));
    run();
  }
}
