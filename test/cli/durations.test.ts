import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration, humanDuration } from '../../src/cli/durations.ts';

describe('parseDuration reads what Go reads', () => {
  it.each([
    ['0', 0],
    ['15s', 15_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['2.3s', 2_300],
    ['.5s', 500],
    ['1.s', 1_000],
    ['1h1h', 7_200_000],
    ['250us', 0.25],
    ['250µs', 0.25],
    ['1500ns', 0.0015],
    ['-1s', -1_000],
    ['+2m', 120_000],
    ['2562047h', 2_562_047 * 3_600_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, ms });
  });

  it.each([
    ['', 'not a duration (examples: 15s, 1m30s, 500ms; units h, m, s, ms, us, ns)'],
    ['1d', 'not a duration (examples: 15s, 1m30s, 500ms; units h, m, s, ms, us, ns)'],
    ['10', 'it has no unit: write 10s for seconds'],
    ['1.5', 'it has no unit: write 1.5s for seconds'],
    ['99999999h', 'it is longer than 2562047h, the longest there is'],
  ])('%j is refused', (text, why) => {
    expect(parseDuration(text)).toEqual({ ok: false, why });
  });

  it.each([
    's',
    '.s',
    '1 s',
    ' 1s',
    '1s ',
    '1S',
    '1e3s',
    '0x1s',
    '--1s',
    '1s-1s',
    'infinity',
    '1s\n',
  ])('%j is refused', (text) => {
    expect(parseDuration(text).ok).toBe(false);
  });

  it('refuses or reads any text, and never reads a number that is not finite', () => {
    const pieces = fc.array(
      fc.constantFrom('1', '05', '.', '-', 'h', 'm', 's', 'ms', 'us', 'x', ' '),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((all) => all.join('')),
        ),
        (text) => {
          const parsed = parseDuration(text);
          expect(parsed.ok ? Number.isFinite(parsed.ms) : parsed.why.length > 0).toBe(true);
        },
      ),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [500, '500ms'],
    [14_850, '14.85s'],
    [90_000, '1m30s'],
    [11_520_000, '3h12m'],
    [3_600_001, '1h0.001s'],
    [Infinity, 'infinity'],
    [-30, '-30ms'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back as what was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, ms });
      }),
    );
  });
});

describe('humanDuration leaves out what no one reads', () => {
  it.each([
    [349.6, '350ms'],
    [10_234, '10.2s'],
    [59_980, '1m'],
    [90_400, '1m30s'],
    [11_534_567, '3h12m'],
    [Infinity, 'infinity'],
  ])('%d ms: %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
});
