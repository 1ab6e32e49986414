import { expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { bootNowMs, toCentiseconds } from '../../src/process/clock.ts';

function uptimeMs(): number {
  return Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000;
}

test('is never ahead of /proc/uptime and at most one of its steps of 10 ms behind', () => {
  const untilMs = performance.now() + 200;
  while (performance.now() < untilMs) {
    const beforeMs = uptimeMs();
    const nowMs = bootNowMs();
    const afterMs = uptimeMs();
    expect(nowMs).toBeGreaterThanOrEqual(beforeMs - 0.1);
    expect(nowMs).toBeLessThan(afterMs + 10);
  }
});

test('does not run backwards', () => {
  let lastMs = bootNowMs();
  for (let round = 0; round < 5_000; round += 1) {
    const nowMs = bootNowMs();
    expect(nowMs).toBeGreaterThanOrEqual(lastMs);
    lastMs = nowMs;
  }
});

test('1/100 s are rounded down, so that no deadline comes late', () => {
  expect([0, 9.99, 10, 123_456.7].map(toCentiseconds)).toEqual([0, 0, 1, 12_345]);
});
