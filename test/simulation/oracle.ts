/**
 * Which processes the rule of the tree can decide about: whoever was seen while its chain of parents was whole, or shows by its
 * environment where it came from. What the verdict has to be is no question here: a process knows its {@link Origin}.
 */
import type { ProcessRow } from '../../src/process/process-table.ts';

export class Oracle {
  readonly #self: number;
  readonly #markers: { readonly tree: string; readonly helper: string };
  /** By pid: start times. */
  #decided = new Map<number, number>();

  constructor(self: number, markers: { readonly tree: string; readonly helper: string }) {
    this.#self = self;
    this.#markers = markers;
  }

  /** From now on it is known where this one came from. */
  decide({ pid, startTicks }: Pick<ProcessRow, 'pid' | 'startTicks'>): void {
    this.#decided.set(pid, startTicks);
  }

  isDecided({ pid, startTicks }: Pick<ProcessRow, 'pid' | 'startTicks'>): boolean {
    return this.#decided.get(pid) === startTicks;
  }

  /** A scan sees these. */
  see(
    rows: ReadonlyMap<number, ProcessRow>,
    started: ReadonlySet<number>,
    environmentOf: (pid: number) => string | null,
  ): void {
    const now = new Map<number, number>();
    const isKnown = (row: ProcessRow): boolean => {
      if (this.#decided.get(row.pid) === row.startTicks) return true;
      if (row.parent !== this.#self) return now.has(row.parent);
      const environment = environmentOf(row.pid) ?? '';
      const { tree, helper } = this.#markers;
      return started.has(row.pid) || environment.includes(tree) || environment.includes(helper);
    };
    // Until none is added: a child can come before its parent.
    for (let before = -1; before < now.size;) {
      before = now.size;
      for (const row of rows.values()) if (isKnown(row)) now.set(row.pid, row.startTicks);
    }
    this.#decided = now;
  }
}
