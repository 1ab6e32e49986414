/** Durations against Go's rules, computed another way. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/cli/durations.ts';
import { holds } from './runs.ts';

const nsPerUnit = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const piece = fc.record({
  whole: fc.nat(10_000),
  fraction: fc.option(fc.nat(999_999).map(String), { nil: '' }),
  unit: fc.constantFrom('ns', 'us', 'ms', 's', 'm', 'h'),
});

test('any sum of pieces is read to the nanosecond, cut where Go cuts', () => {
  holds(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (pieces, isNegative) => {
        const words = pieces.map(({ whole, fraction, unit }) =>
          fraction === '' ? `${whole}${unit}` : `${whole}.${fraction}${unit}`,
        );
        const ns = pieces.reduce((sum, { whole, fraction, unit }) => {
          const scale = nsPerUnit[unit];
          const part = (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
          return sum + BigInt(whole) * scale + part;
        }, 0n);
        const parsed = parseDuration((isNegative ? '-' : '') + words.join(''));
        expect(parsed.ok).toBe(true);
        if (parsed.ok) expect(Math.abs(parsed.ms)).toBeCloseTo(Number(ns) / 1e6, 3);
      },
    ),
  );
});

test('any text is a duration or is refused with a reason, and never throws', () => {
  const scraps = fc.array(
    fc.constantFrom('1', '0', '.', '-', '+', 'h', 'm', 's', 'ms', 'µs', 'n', ' ', 'e', '９'),
  );
  holds(
    fc.property(
      fc.oneof(
        fc.string(),
        scraps.map((parts) => parts.join('')),
      ),
      (text) => {
        const parsed = parseDuration(text);
        if (parsed.ok) expect(Number.isFinite(parsed.ms)).toBe(true);
        else expect(parsed.why).toMatch(/^(it is longer|it has no unit|not a duration)/);
      },
    ),
  );
});

test('what is shown is read back to the microsecond', () => {
  holds(
    fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (ms) => {
      const parsed = parseDuration(formatDuration(ms));
      expect(parsed.ok).toBe(true);
      if (parsed.ok) expect(parsed.ms).toBeCloseTo(ms, 2);
    }),
  );
});
