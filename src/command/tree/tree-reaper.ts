/** Watches the tree once its end has begun, kills it on request, and decides that nothing of it is left. */
import type { ProcessRow } from '../../process/process-table.ts';
import { type Tree, membersOf } from './process-tree.ts';

export interface TreeReaperOptions {
  readonly tree: Pick<Tree, 'members' | 'kill'>;
  /** Nothing is left. The last call. */
  readonly onGone: () => void;
  readonly onLingering: (members: readonly ProcessRow[]) => void;
  readonly clock?: ReaperClock;
}

/** So that time can be simulated. */
export interface ReaperClock {
  nowMs(): number;
  /** Calls back once after a delay; the result cancels it. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

const ownClock: ReaperClock = {
  nowMs: () => performance.now(),
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** How often survivors of {@link TreeReaper.kill} are reported. */
const lingeringMs = 10_000;

/** Scans come at intervals that double from 1 ms up to this: those that die soon are seen dead soon. */
const longestIntervalMs = 100;

export class TreeReaper {
  readonly #options: TreeReaperOptions;
  readonly #clock: ReaperClock;
  #isOver = false;
  #hasCommandEnded = false;
  #isKilling = false;
  #intervalMs = 1;
  #cancelScan = (): void => undefined;
  #saidAtMs = 0;
  #killed: ReadonlySet<number> = new Set();

  constructor(options: TreeReaperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? ownClock;
  }

  /** Whether the command has ended and nothing was left of its tree. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * The command's own 'exit' event has come: from now on an empty tree is a dead one. `announce` is called with what is left (null: the scan
   * failed), and before {@link TreeReaperOptions.onGone}.
   */
  commandEnded(announce: (left: readonly ProcessRow[] | null) => void): void {
    this.#hasCommandEnded = true;
    const left = membersOf(this.#options.tree);
    this.#isOver = left?.length === 0;
    announce(left);
    if (this.#isOver) this.#finish();
    else this.#scanLater();
  }

  /** The gate refused to become the command: there never was a tree, and an orphan in doubt is a helper's. */
  commandRefused(announce: () => void): void {
    this.#isOver = true;
    announce();
    this.#finish();
  }

  kill(): void {
    if (this.#isKilling || this.#isOver) return;
    this.#isKilling = true;
    this.#saidAtMs = this.#clock.nowMs();
    this.#intervalMs = 1;
    this.#killed = this.#options.tree.kill();
    this.#scanLater();
  }

  /** One of our children has exited (SIGCHLD): perhaps the last of the tree. */
  childExited(): void {
    if (this.#hasCommandEnded && !this.#isOver) this.#scan();
  }

  #scan(): void {
    const members = membersOf(this.#options.tree);
    if (members?.length === 0 && this.#hasCommandEnded) return this.#finish();
    if (this.#isKilling && members !== null && members.length > 0) this.#killAgain(members);
    this.#scanLater();
  }

  /** One SIGKILL is enough for those that it reached; with each report it is repeated, because one may have changed its user. */
  #killAgain(members: readonly ProcessRow[]): void {
    const isTimeToSay = this.#clock.nowMs() - this.#saidAtMs >= lingeringMs;
    if (isTimeToSay || members.some(({ pid }) => !this.#killed.has(pid))) {
      this.#killed = this.#options.tree.kill();
    }
    if (!isTimeToSay) return;
    this.#saidAtMs = this.#clock.nowMs();
    this.#options.onLingering(members);
  }

  #finish(): void {
    this.#isOver = true;
    this.#cancelScan();
    this.#options.onGone();
  }

  #scanLater(): void {
    this.#cancelScan();
    this.#cancelScan = this.#clock.setTimer(this.#intervalMs, () => this.#scan());
    this.#intervalMs = Math.min(this.#intervalMs * 2, longestIntervalMs);
  }
}
