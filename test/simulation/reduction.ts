/** Less of a scenario: which replicas, faults and rates are kept. Written as one word, for the command that replays it. */
import { type Ambience, ambienceKeys, calmAmbience } from './ambience.ts';
import type { Scenario } from './scenario.ts';

export interface Reduction {
  readonly replicas: readonly number[];
  readonly faults: readonly number[];
  readonly ambience: readonly (keyof Ambience)[];
}

export function wholeOf(scenario: Scenario): Reduction {
  const calm = calmAmbience();
  return {
    replicas: scenario.replicas.map((_, index) => index),
    faults: scenario.faults.map((_, index) => index),
    ambience: ambienceKeys.filter((key) => scenario.ambience[key] !== calm[key]),
  };
}

export function reduce(scenario: Scenario, kept: Reduction): Scenario {
  const ambience: Record<string, number> = { ...calmAmbience() };
  for (const key of kept.ambience) ambience[key] = scenario.ambience[key];
  const faults = kept.faults.flatMap((index) => {
    const fault = scenario.faults[index];
    if (fault === undefined) return [];
    if (fault.when.target === undefined) return [fault];
    const target = kept.replicas.indexOf(fault.when.target);
    return target === -1 ? [] : [{ ...fault, when: { ...fault.when, target } }];
  });
  return {
    ...scenario,
    replicas: kept.replicas.flatMap((index) => scenario.replicas[index] ?? []),
    terms: kept.replicas.flatMap((index) => scenario.terms[index] ?? []),
    ambience: ambience as unknown as Ambience,
    faults,
  };
}

export function formatReduction({ replicas, faults, ambience }: Reduction): string {
  return [replicas, faults, ambience].map((list) => list.join(',')).join('/');
}

export function parseReduction(text: string): Reduction {
  const [replicas = '', faults = '', ambience = ''] = text.split('/');
  const numbers = (list: string) => (list === '' ? [] : list.split(',').map(Number));
  return {
    replicas: numbers(replicas),
    faults: numbers(faults),
    ambience: ambienceKeys.filter((key) => ambience.split(',').includes(key)),
  };
}
