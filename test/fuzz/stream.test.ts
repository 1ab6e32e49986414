/** The watch stream, cut anywhere by the network. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../src/lease/lines.ts';
import { readWatchEvent } from '../../src/lease/watch-frame.ts';
import { anyJson, holds } from './runs.ts';

const event = fc
  .record({
    type: fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'),
    object: fc.record({
      kind: fc.constant('Lease'),
      metadata: fc.record({
        name: fc.constant('lock'),
        resourceVersion: fc.nat().map(String),
        // More than one byte for each character.
        labels: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
      }),
      spec: anyJson(),
    }),
  })
  .map((value) => JSON.stringify(value));

test('the same events are read wherever the stream was cut', () => {
  holds(
    fc.property(fc.array(event), fc.array(fc.nat()), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
      ends.sort((a, b) => a - b);
      expect(readInParts(bytes, ends)).toEqual(lines.map((line) => readWatchEvent(line, 'lock')));
    }),
  );
});

test('the same events are read when every byte comes alone', () => {
  holds(
    fc.property(fc.array(event, { maxLength: 3 }), (lines) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const ends = [...bytes.keys()].map((at) => at + 1);
      expect(readInParts(bytes, ends)).toEqual(lines.map((line) => readWatchEvent(line, 'lock')));
    }),
  );
});

test('a line longer than the limit is noticed before it ends, wherever the stream was cut', () => {
  holds(
    fc.property(fc.nat(50), fc.integer({ min: 1, max: 60 }), (length, part) => {
      const bytes = Buffer.from('x'.repeat(length));
      const splitter = new LineSplitter(20);
      let isRefused = false;
      for (let at = 0; at < bytes.length && !isRefused; at += part) {
        isRefused = splitter.push(bytes.subarray(at, at + part)) === null;
      }
      expect(isRefused).toBe(length > 20);
    }),
  );
});

function readInParts(bytes: Buffer, ends: readonly number[]): unknown[] {
  const splitter = new LineSplitter(1 << 20);
  const lines: string[] = [];
  let from = 0;
  for (const end of ends) {
    lines.push(...(splitter.push(bytes.subarray(from, end)) ?? []));
    from = end;
  }
  return lines.map((line) => readWatchEvent(line, 'lock'));
}
