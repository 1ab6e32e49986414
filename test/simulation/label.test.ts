/** The label goes first, and the stop waits for it; not for who asks once more. */
import { expect, test } from 'vitest';
import { calmAmbience } from './ambience.ts';
import { plainReplica, usualTiming } from './plain.ts';
import type { Scenario } from './scenario.ts';
import { simulate } from './simulate.ts';

test('A SIGTERM that is heard in the turn in which the term is over comes second: the stop signal does not wait for the label', async () => {
  const after = { id: 'after', moment: 'command-started', count: 1 } as const;
  const scenario: Scenario = {
    ...{ seed: 'label', replicas: [plainReplica(usualTiming)], ambience: calmAmbience() },
    faults: [
      { id: 'suspend', when: { ...after, delayMs: 2_000 }, forMs: 3_000 },
      { id: 'SIGTERM', when: { ...after, delayMs: 4_000 }, forMs: 0 },
    ],
    ...{ durationMs: 10_000, isBeyondLimits: false, isCalm: false, once: null },
    terms: [{ hasPodLabel: true, maxTermMs: 3_000 }],
  };

  const { violation, statistics } = await simulate(scenario);

  expect(violation).toBeNull();
  expect(statistics.get('stepped down: max-term')).toBeGreaterThan(0);
});
