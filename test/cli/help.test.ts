import { describe, expect, it } from 'vitest';
import type { Flags } from '../../src/cli/flag.ts';
import { runProgram, subcommands } from '../../src/cli/programs.ts';
import { helpOf } from '../../src/cli/words.ts';
import { read } from './run-line.ts';

describe.each([['leader-run', runProgram] as const, ...Object.entries(subcommands)])(
  'the help of %s',
  (name, program) => {
    const text = helpOf(program);
    const flags: Flags = program.flags;

    it('is printed by --help, -h and help', () => {
      const isSub = name !== 'leader-run';
      for (const words of [['--help'], ['-h'], ['-help']]) {
        expect(read(isSub ? [name, ...words] : words)).toEqual({ id: 'print', text });
      }
      expect(read(isSub ? ['help', name] : ['help'])).toEqual({ id: 'print', text });
    });

    it('fits in 80 columns', () => {
      const lines = text.split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    });

    it('lists every flag with its letter, its value and its default', () => {
      const listed = [...text.matchAll(/^ {2}(?:-(\w),| {3}) --([\w-]+)(?: <(\w+)>)? /gm)].map(
        ([, letter, flag, value]) => [flag, letter, value],
      );
      const expected = Object.entries(flags).map(([flag, { aliases, value }]) => [
        flag,
        aliases?.find((alias) => alias.length === 1),
        value,
      ]);
      expect(listed.toSorted()).toEqual(expected.toSorted());
      for (const { defaultText = '' } of Object.values(flags)) {
        expect(text.replaceAll(/\s+/g, ' ')).toContain(defaultText);
      }
    });
  },
);

it('the help of leader-run is no longer than two screens of 40 lines', () => {
  expect(helpOf(runProgram).split('\n').length).toBeLessThanOrEqual(80);
});
