/** Makes a failing scenario smaller as long as the same invariant is broken. */
import { type Reduction, reduce, wholeOf } from './reduction.ts';
import type { Scenario } from './scenario.ts';
import { simulate } from './simulate.ts';

/** A failure is worth this many simulations, no more. */
const mostAttempts = 400;

export async function shrink(scenario: Scenario, invariant: string): Promise<Reduction> {
  let kept = wholeOf(scenario);
  let attempts = 0;
  const stillFails = async (smaller: Reduction): Promise<boolean> => {
    attempts += 1;
    const { violation } = await simulate(reduce(scenario, smaller));
    return violation?.invariant === invariant;
  };
  for (let isSmaller = true; isSmaller && attempts < mostAttempts;) {
    isSmaller = false;
    for (const smaller of smallerThan(kept)) {
      if (attempts >= mostAttempts || !(await stillFails(smaller))) continue;
      kept = smaller;
      isSmaller = true;
      break;
    }
  }
  return kept;
}

/** Half of a part first, then all but one of it. */
function* smallerThan(kept: Reduction): Generator<Reduction> {
  for (const part of ['faults', 'ambience', 'replicas'] as const) {
    const list: readonly unknown[] = kept[part];
    const middle = Math.floor(list.length / 2);
    if (middle >= 1) {
      yield { ...kept, [part]: list.slice(0, middle) };
      yield { ...kept, [part]: list.slice(middle) };
    }
    for (const each of list) {
      const others = list.filter((other) => other !== each);
      if (others.length > 0 || part !== 'replicas') yield { ...kept, [part]: others };
    }
  }
}
