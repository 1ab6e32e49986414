import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runFlags } from '../../src/cli/flags.ts';
import { options } from './run-line.ts';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const table = readme.slice(readme.indexOf('## Flags'), readme.indexOf('## What the command gets'));

describe('the README', () => {
  it('has a row for every flag and every alias, and for no other', () => {
    const named = [...table.matchAll(/^\|.*$/gm)].flatMap(([row]) =>
      [...row.matchAll(/`(--?[a-zA-Z][\w-]*)`/g)].map(([, word = '']) => word),
    );
    const flags = runFlags.flatMap(({ name, aliases }) =>
      [name, ...aliases].map((word) => (word.length === 1 ? `-${word}` : `--${word}`)),
    );
    expect([...new Set(named)].toSorted()).toEqual(flags.toSorted());
  });

  it.each([
    ['--lease-duration', '15s'],
    ['--grace-period', '25s'],
    ['--wait', 'infinity'],
    ['--signal', 'TERM'],
    ['--conflict-exit-code', '124'],
    ['--lost-exit-code', '75'],
    ['--log-level', 'info'],
    ['--log-format', 'text'],
  ])('gives the true default of %s', (flag, value) => {
    expect(table).toMatch(new RegExp(`${flag}\` +\\| \`${value}\``));
    expect(options([flag, value])).toEqual(options([]));
  });
});
