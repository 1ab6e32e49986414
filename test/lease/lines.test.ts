import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../src/lease/lines.ts';

/** The lines that come out when `bytes` arrive in chunks of these sizes, the rest last. */
function split(bytes: Buffer, sizes: readonly number[]): string[] {
  const splitter = new LineSplitter(1_000_000);
  const lines: string[] = [];
  let from = 0;
  for (const size of [...sizes, bytes.length]) {
    lines.push(...(splitter.push(bytes.subarray(from, from + size)) ?? ['too long']));
    from += size;
  }
  return lines;
}

test('LineSplitter gives the same lines wherever the stream is cut', () => {
  const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' '));
  const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(line), sizes, (lines, chunkSizes) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const whole = lines.map((text) => Buffer.from(text).toString('utf8'));
      expect(split(bytes, chunkSizes)).toEqual(whole);
    }),
  );
});

test('LineSplitter survives a cut at every single byte', () => {
  const bytes = Buffer.from('{"a":"Grüße 🦭"}\n{"b":1}\n');
  for (let at = 0; at <= bytes.length; at += 1) {
    expect(split(bytes, [at])).toEqual(['{"a":"Grüße 🦭"}', '{"b":1}']);
  }
  expect(
    split(
      bytes,
      Array.from(bytes, () => 1),
    ),
  ).toEqual(['{"a":"Grüße 🦭"}', '{"b":1}']);
});

test('LineSplitter keeps an unfinished line to itself', () => {
  expect(split(Buffer.from('done\nnot yet'), [])).toEqual(['done']);
});

test('LineSplitter gives up on a line longer than its limit, finished or not', () => {
  expect(new LineSplitter(4).push(Buffer.from('12345'))).toBe(null);
  expect(new LineSplitter(4).push(Buffer.from('12345\n'))).toBe(null);
  expect(new LineSplitter(4).push(Buffer.from('1234\n1234\n1234'))).toEqual(['1234', '1234']);
  const splitter = new LineSplitter(4);
  expect([splitter.push(Buffer.from('123')), splitter.push(Buffer.from('45'))]).toEqual([[], null]);
});
