import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Flag } from '../../src/cli/flag.ts';
import { runFlags } from '../../src/cli/flags.ts';
import { options } from './run-line.ts';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const reference = readFileSync(join(root, 'docs/reference.md'), 'utf8');
const [, table = ''] = /^## Flags$([^]*?)^## /m.exec(reference) ?? [];
const [, common = ''] = /^## Common flags$([^]*?)^## /m.exec(readme) ?? [];

function flagsIn(text: string): string[] {
  const named = [...text.matchAll(/^\|.*$/gm)].flatMap(([row]) =>
    [...row.matchAll(/`(--?[a-zA-Z][\w-]*)`/g)].map(([, word = '']) => word),
  );
  return [...new Set(named)].toSorted();
}

const flags = Object.entries<Flag>(runFlags).flatMap(([name, { aliases = [] }]) =>
  [name, ...aliases].map((word) => (word.length === 1 ? `-${word}` : `--${word}`)),
);

describe('the reference', () => {
  it('has a row for every flag and every alias', () => {
    expect(flagsIn(table)).toEqual(expect.arrayContaining(flags.toSorted()));
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
    expect(table).toMatch(new RegExp(`${flag}\`.*\\| ${value} +\\|`));
    expect(options([flag, value])).toEqual(options([]));
  });
});

describe('the README', () => {
  it('names only flags that there are', () => {
    expect(flagsIn(common).length).toBeGreaterThan(8);
    expect(flags).toEqual(expect.arrayContaining(flagsIn(common)));
  });

  it.each([
    ['--lease-duration', '15s'],
    ['--grace-period', '25s'],
    ['--conflict-exit-code', '124'],
  ])('gives the true default of %s', (flag, value) => {
    expect(common).toMatch(new RegExp(`${flag}\` +\\| \`${value}\``));
    expect(options([flag, value])).toEqual(options([]));
  });
});
