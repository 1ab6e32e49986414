import { describe, expect, it } from 'vitest';
import {
  checkFlags,
  manifestsFlags,
  runFlags,
  sandboxFlags,
  statusFlags,
} from '../../src/cli/flags.ts';
import { checkHelp, manifestsHelp, runHelp, sandboxHelp, statusHelp } from '../../src/cli/help.ts';

describe.each([
  ['leader-run --help', runHelp, runFlags],
  ['leader-run sandbox --help', sandboxHelp, sandboxFlags],
  ['leader-run status --help', statusHelp, statusFlags],
  ['leader-run check --help', checkHelp, checkFlags],
  ['leader-run manifests --help', manifestsHelp, manifestsFlags],
])('%s', (_, text, flags) => {
  it('fits on a screen of 48 lines by 80 columns', () => {
    const lines = text.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(48);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('lists every flag there is and no other', () => {
    const listed = [...text.matchAll(/^ {2}(?:-\w,| {3}) --([\w-]+)/gm)].map(([, name]) => name);
    expect(listed.toSorted()).toEqual(flags.map(({ name }) => name).toSorted());
  });

  it('lists every one-letter flag with its long form', () => {
    const listed = [...text.matchAll(/^ {2}-(\w), --([\w-]+)/gm)].map(
      ([, letter, name]) => `${name} ${letter}`,
    );
    const letters = flags.flatMap(({ name, aliases }) =>
      aliases.filter((alias) => alias.length === 1).map((letter) => `${name} ${letter}`),
    );
    expect(listed.toSorted()).toEqual(letters.toSorted());
  });
});
