/** What is going to happen, in order. Two things at one instant happen in the order in which they were planned. */
export interface Plan {
  readonly atMs: number;
  readonly order: number;
  action: (() => void) | null;
}

export class Timeline {
  readonly #heap: Plan[] = [];
  #order = 0;

  add(atMs: number, action: () => void): Plan {
    const plan = { atMs, order: this.#order++, action };
    const heap = this.#heap;
    let index = heap.push(plan) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const other = heap[parent] as Plan;
      if (!isBefore(plan, other)) break;
      heap[index] = other;
      index = parent;
    }
    heap[index] = plan;
    return plan;
  }

  /** The next plan that was not cancelled, which is taken out. */
  next(): Plan | null {
    for (;;) {
      const first = this.#take();
      if (first === null || first.action !== null) return first;
    }
  }

  #take(): Plan | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, left)) child += 1;
      const smaller = heap[child] as Plan;
      if (!isBefore(smaller, last)) break;
      heap[index] = smaller;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Plan, b: Plan): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
