/**
 * The simulated world: one true time that nothing in it can read, what is going to happen, what was counted, and the first
 * invariant that was broken.
 */
import { Random } from './random.ts';
import { type Plan, Timeline } from './timeline.ts';

export interface Violation {
  readonly invariant: string;
  readonly text: string;
  readonly atMs: number;
}

export class World {
  readonly random: Random;
  readonly statistics = new Map<string, number>();
  readonly #timeline = new Timeline();
  readonly #trace: string[] = [];
  readonly #whenSettled: (() => void)[] = [];
  readonly #isTracing: boolean;
  /** True time, ms. */
  nowMs = 0;
  #violation: Violation | null = null;
  /** A promise was resolved: what waits for it has to run before anything else happens. */
  hasSettled = false;

  constructor(seed: string, isTracing: boolean) {
    this.random = new Random(seed);
    this.#isTracing = isTracing;
  }

  get violation(): Violation | null {
    return this.#violation;
  }

  after(delayMs: number, action: () => void): Plan {
    return this.#timeline.add(this.nowMs + Math.max(0, delayMs), action);
  }

  /** Lets things happen until `untilMs` or a violation. */
  async runUntil(untilMs: number, afterEach: () => void, isOver = () => false): Promise<void> {
    const end = this.after(untilMs - this.nowMs, () => undefined);
    while (this.violation === null && !isOver()) {
      const plan = this.#timeline.next();
      if (plan === null || plan === end) return;
      this.nowMs = plan.atMs;
      plan.action?.();
      plan.action = null;
      if (this.hasSettled) await this.#letReactionsRun();
      for (const each of this.#whenSettled.splice(0)) each();
      afterEach();
    }
  }

  /** Reactions to promises never wait for anything but each other, and the driver's are at most two deep. */
  async #letReactionsRun(): Promise<void> {
    while (this.hasSettled) {
      this.hasSettled = false;
      for (let depth = 0; depth < 3; depth++) await settled;
    }
  }

  /** Calls back once all that follows at once from what happens now has happened. */
  whenSettled(action: () => void): void {
    this.#whenSettled.push(action);
  }

  count(what: string, by = 1): void {
    this.statistics.set(what, (this.statistics.get(what) ?? 0) + by);
  }

  /** Records the largest value seen. */
  peak(what: string, value: number): void {
    this.statistics.set(what, Math.max(this.statistics.get(what) ?? 0, value));
  }

  /** Says what happens, if anybody listens; `text` is called only then. */
  tell(who: string, text: () => string): void {
    if (this.#isTracing)
      this.#trace.push(`${(this.nowMs / 1000).toFixed(4).padStart(9)} ${who}: ${text()}`);
  }

  break(invariant: string, text: string): void {
    if (this.#violation !== null) return;
    this.#violation = { invariant, text, atMs: this.nowMs };
    this.tell('judge', () => `${invariant}: ${text}`);
  }

  get trace(): readonly string[] {
    return this.#trace;
  }
}

const settled = Promise.resolve();

/** Takes a plan back. */
export function cancel(plan: Plan | null): void {
  if (plan !== null) plan.action = null;
}
