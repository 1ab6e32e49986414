/** Records that anybody may have written. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type SentRecord,
  compareResourceVersions,
  fingerprintOf,
  readRecord,
  resourceVersionOf,
  withRecord,
} from '../../src/election/record.ts';
import { isWrite } from '../../src/election/sent-record.ts';
import { microTime, parseTimeMs } from '../../src/election/time.ts';
import { anyLease, holds } from './runs.ts';

const sent: fc.Arbitrary<SentRecord> = fc.record({
  holder: fc.constantFrom('me', ''),
  acquireTime: fc.constantFrom('2026-01-01T12:00:00.000001Z', '2026-01-01T12:00:00.000002Z'),
  renewTime: fc.constantFrom('2026-01-01T12:00:00.000003Z', '2026-01-01T12:00:00.000004Z'),
  transitions: fc.nat(3),
  leaseDurationMs: fc.constant(15_000),
  sentAtMs: fc.nat(),
  overVersion: fc.constant(null),
  overTerm: fc.constant(null),
});

test('any Lease is read, and what is read is of its type', () => {
  holds(
    fc.property(anyLease(), (lease) => {
      const record = readRecord(lease);
      expect(typeof record.holder).toBe('string');
      expect(record.leaseDurationMs === null || record.leaseDurationMs > 0).toBe(true);
      expect(record.transitions).toBeGreaterThanOrEqual(0);
      expect(typeof resourceVersionOf(lease)).toBe('string');
      expect(fingerprintOf(lease)).toBe(fingerprintOf(structuredClone(lease)));
    }),
  );
});

test('a record that was written over any Lease is read as the one that was written, and as no other', () => {
  holds(
    fc.property(anyLease(), sent, sent, (lease, one, other) => {
      const stored = readRecord(withRecord(lease, one, 15));
      expect(isWrite(stored, one)).toBe(true);
      const { sentAtMs: _, ...written } = one;
      const { sentAtMs: __, ...compared } = other;
      expect(isWrite(stored, other)).toBe(JSON.stringify(written) === JSON.stringify(compared));
    }),
  );
});

test('writing a record changes nothing but the record and our annotation', () => {
  holds(
    fc.property(anyLease(), sent, (lease, record) => {
      const { metadata, spec, ...others } = withRecord(lease, record, 15);
      const { metadata: oldMetadata, spec: oldSpec, ...oldOthers } = lease;
      expect(others).toEqual(oldOthers);
      const own = new Set(['annotations', ...Object.keys(specOf(record))]);
      for (const [before, after] of [
        [oldMetadata, metadata],
        [oldSpec, spec],
      ]) {
        for (const [key, value] of entriesOf(before)) {
          if (!own.has(key)) expect(after).toHaveProperty([key], value);
        }
      }
    }),
  );
});

test('resourceVersions are ordered as the integers that they are', () => {
  const version = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 200n }),
    fc.bigInt({ min: 0n, max: 9n }),
  );
  holds(
    fc.property(version, version, fc.nat(3), (a, b, zeros) => {
      const order = compareResourceVersions('0'.repeat(zeros) + String(a), String(b));
      expect(order).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test('resourceVersions that are no integers are the same or cannot be compared', () => {
  const odd = fc.oneof(fc.string(), fc.constantFrom('', '-1', '1.5', '0x1', ' 1', '1 '));
  holds(
    fc.property(
      odd.filter((text) => !/^[0-9]+$/.test(text)),
      fc.oneof(odd, fc.nat().map(String)),
      (a, b) => {
        expect(compareResourceVersions(a, b)).toBe(a === b ? 0 : null);
        expect(compareResourceVersions(b, a)).toBe(a === b ? 0 : null);
      },
    ),
  );
});

test('times have the six digits that the API server demands, and are read back', () => {
  const wallMs = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
  const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  holds(
    fc.property(wallMs, draw, (ms, random) => {
      const time = microTime(ms, random);
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(parseTimeMs(time)).toBe(ms);
      expect(Number(time.slice(-4, -1))).toBe(Math.floor(random * 1000));
    }),
  );
});

function specOf(record: SentRecord): object {
  return withRecord({}, record, 15)['spec'] as object;
}

function entriesOf(value: unknown): [string, unknown][] {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? Object.entries(value) : [];
}
