import { describe, expect, it } from 'vitest';
import { createLog, type Line } from '../../src/cli/log.ts';
import type { LogOptions } from '../../src/cli/options.ts';

const line: Line = {
  level: 'info',
  event: 'acquired',
  text: 'Leading',
  facts: { token: '7', forMs: Infinity, waitedMs: 2_000.61 },
};

/** What is written when these lines are said. */
function written(options: Partial<LogOptions>, ...lines: Line[]): string[] {
  const all: string[] = [];
  const settings: LogOptions = { format: 'text', level: 'info', ...options };
  const log = createLog(
    settings,
    (text) => all.push(text),
    () => 1_700_000_000_123,
  );
  for (const one of lines) log.say(one);
  return all;
}

describe('text', () => {
  it('is a sentence after the name of the program', () => {
    expect(written({}, line)).toEqual(['leader-run: Leading\n']);
  });

  it('stays one line without control characters, whatever is in it', () => {
    const text = 'a\nb\r\n\tc\u001b[31m\u009b2J\u2028d\u202ee';
    expect(written({}, { ...line, text })).toEqual([
      'leader-run: a b c\\u001b[31m\\u009b2J d\\u202ee\n',
    ]);
  });
});

describe('JSON', () => {
  it('has time, level, event, message and the facts', () => {
    expect(written({ format: 'json' }, line).map((text): unknown => JSON.parse(text))).toEqual([
      {
        time: '2023-11-14T22:13:20.123Z',
        level: 'info',
        event: 'acquired',
        message: 'Leading',
        token: '7',
        forMs: 'infinity',
        waitedMs: 2001,
      },
    ]);
  });
});

describe('levels', () => {
  const all = (['debug', 'info', 'warn', 'error'] as const).map((level): Line => ({
    level,
    event: level,
    text: level,
    facts: {},
  }));

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const)('%s', (level, expected) => {
    expect(written({ level }, ...all)).toEqual(expected.map((text) => `leader-run: ${text}\n`));
  });
});
