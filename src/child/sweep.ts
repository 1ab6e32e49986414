/** Watches the tree once its end has begun, kills it when told to, and knows when nothing of it is left. */
import type { Tree } from './process-tree.ts';

export interface SweepOptions {
  readonly tree: Tree;
  /** Nothing is left. The last call. */
  readonly onGone: () => void;
  readonly onLingering: (pids: readonly number[]) => void;
}

export interface Sweep {
  /** Whether the command has ended and nothing was left of its tree. */
  readonly isOver: boolean;
  /**
   * The command's own 'exit' event has come: from now on an empty tree is a dead one. `announce` is called once it is known
   * whether it is empty, and before {@link SweepOptions.onGone}.
   */
  commandEnded(announce: () => void): void;
  kill(): void;
}

/** How often survivors of {@link Sweep.kill} are reported. */
const lingeringMs = 10_000;

/** Looks come at intervals that double from 1 ms up to this: those who will die soon are seen dead soon. */
const longestIntervalMs = 100;

export function createSweep(options: SweepOptions): Sweep {
  return new TreeSweep(options);
}

class TreeSweep implements Sweep {
  isOver = false;
  readonly #options: SweepOptions;
  #hasCommandEnded = false;
  #isKilling = false;
  #intervalMs = 1;
  #timer: NodeJS.Timeout | null = null;
  #saidAtMs = 0;
  #struck: ReadonlySet<number> = new Set();

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  commandEnded(announce: () => void): void {
    this.#hasCommandEnded = true;
    this.isOver = this.#survivors().length === 0;
    announce();
    if (this.isOver) this.#finish();
    else this.#lookLater();
  }

  kill(): void {
    if (this.#isKilling || this.isOver) return;
    this.#isKilling = true;
    this.#saidAtMs = performance.now();
    this.#intervalMs = 1;
    this.#struck = this.#options.tree.strike();
    this.#lookLater();
  }

  #look(): void {
    const survivors = this.#survivors();
    if (survivors.length === 0 && this.#hasCommandEnded) return this.#finish();
    if (this.#isKilling && survivors.length > 0) this.#killAgain(survivors);
    this.#lookLater();
  }

  /** Two looks, as a process can fork and die so that one look sees neither it nor its child. */
  #survivors(): readonly number[] {
    const { members, newcomers } = this.#options.tree;
    const survivors = members();
    return survivors.length > 0 ? survivors : newcomers();
  }

  /** One blow is enough for whom it reached; with each report it is repeated, as one may have changed its user. */
  #killAgain(survivors: readonly number[]): void {
    const isTimeToSay = performance.now() - this.#saidAtMs >= lingeringMs;
    if (isTimeToSay || survivors.some((pid) => !this.#struck.has(pid))) {
      this.#struck = this.#options.tree.strike();
    }
    if (!isTimeToSay) return;
    this.#saidAtMs = performance.now();
    this.#options.onLingering(survivors);
  }

  #finish(): void {
    this.isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#options.onGone();
  }

  #lookLater(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), this.#intervalMs);
    this.#intervalMs = Math.min(this.#intervalMs * 2, longestIntervalMs);
  }
}
