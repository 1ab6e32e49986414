/** An API server that is away for 3 s, there for 3 s, and so on, ten minutes of simulated time: what is said stays bounded, and nothing is left. */
import { describe, expect, test } from 'vitest';
import { calmAmbience } from './ambience.ts';
import type { FaultId } from './faults.ts';
import { plainReplica, usualTiming } from './plain.ts';
import type { Scenario, Timing } from './scenario.ts';
import { simulate } from './simulate.ts';

const flapMs = 3_000;
const flaps = 100;

const short: Timing = { leaseDurationMs: 4_000, renewDeadlineMs: 2_000, retryPeriodMs: 1_000 };

function flapping(seed: string, outage: FaultId, timing: Timing): Scenario {
  const faults = Array.from({ length: flaps }, (_, flap) => ({
    id: outage,
    when: { id: 'at', atMs: flapMs + flap * 2 * flapMs, target: 0 } as const,
    forMs: flapMs,
  }));
  const replicas = [plainReplica(timing), plainReplica(timing)];
  return {
    ...{ seed, replicas, faults, ambience: calmAmbience(), durationMs: (flaps + 1) * 2 * flapMs },
    ...{ isBeyondLimits: false, isCalm: false, once: null },
    terms: replicas.map(() => ({ rejoins: true })),
  };
}

const outages = ['outage, silent', 'outage, refusing', 'outage, 503'] as const;

describe.each([
  // A command that ends by itself, and its leader-run's next start, say something too.
  { name: 'shorter than the renew deadline', timing: usualTiming, mostReports: 6, loses: false },
  { name: 'longer than the renew deadline', timing: short, mostReports: 12, loses: true },
])('--on-lost rejoin, $name', ({ timing, mostReports, loses }) => {
  test.each(outages)('%s', async (outage) => {
    const { violation, statistics } = await simulate(
      flapping(`flapping ${outage}`, outage, timing),
    );
    expect(violation).toBeNull();
    const count = (prefix: string) =>
      [...statistics].reduce((sum, [what, n]) => sum + (what.startsWith(prefix) ? n : 0), 0);
    expect(count('report: ') / flaps / 2).toBeLessThan(mostReports);
    if (loses) expect(count('rejoined')).toBeGreaterThan(flaps / 2);
    // An attempt that hangs, and the pause after it, do not miss the three seconds.
    else expect(count('loss: ')).toBe(0);
  });
});
