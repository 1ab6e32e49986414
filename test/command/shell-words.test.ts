import { expect, test } from 'vitest';
import { spawnSync } from 'node:child_process';
import { shellQuote, rawWords, toBytes, toText } from '../../src/command/gate/shell-words.ts';

test('sh reads a quoted word back as it was', () => {
  const words = ["it's", '', "''", '$x `y` \\ "z"', 'a\nb\n', '-n', 'ü😀'];
  const script = `printf '%s\\0' ${words.map((word) => shellQuote(toBytes(word))).join(' ')}`;
  const { stdout } = spawnSync('sh', { input: Buffer.from(script, 'latin1') });
  expect(stdout.toString()).toBe(words.map((word) => `${word}\0`).join(''));
});

test('bytes become text and text becomes bytes', () => {
  expect(toBytes('ü')).toBe('\xc3\xbc');
  expect(toText('\xc3\xbc')).toBe('ü');
  expect(toBytes(Uint8Array.of(255, 0))).toBe('\xff\0');
});

test("the command's words are the tail of our own, undecoded", () => {
  const own = Buffer.from('node\0--flag\0cmd\0\xff\0\0', 'latin1');
  expect(rawWords(['cmd', '\ufffd', ''], own)).toEqual(['cmd', '\xff', '']);
});

test('words that are not our tail are encoded', () => {
  expect(rawWords(['cmd', 'ü'], Buffer.from('node\0other\0'))).toEqual(['cmd', '\xc3\xbc']);
  expect(rawWords(['cmd'], Buffer.alloc(0))).toEqual(['cmd']);
});
