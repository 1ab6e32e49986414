/** What an entry in a table of flags is enough for, by flags that leader-run does not have. */
import { describe, expect, it } from 'vitest';
import type { Flags } from '../../src/cli/flag.ts';
import { parseChoice, parseSwitch, parseText, parseWhole } from '../../src/cli/parsers.ts';
import { helpOf, readLine } from '../../src/cli/words.ts';

const flags = {
  label: {
    value: 'KEY=VALUE',
    parse: parseText,
    isRepeatable: true,
    help: 'label of the Lease',
    group: 'The Lease',
  },
  'fail-fast': {
    parse: parseSwitch,
    default: false,
    aliases: ['f'],
    help: 'end at the first failure',
    group: 'Others',
    conflicts: ['attempts'],
  },
  attempts: { value: 'N', parse: parseWhole(1, 9), default: 3, help: 'tries', group: 'Others' },
  colour: {
    value: 'WHEN',
    parse: parseChoice(['always', 'never']),
    help: 'when to use colours',
    group: 'Others',
    hasVariable: false,
  },
} as const satisfies Flags;

const program = { name: 'it', usage: '[flags]', about: 'Does it.', flags };

describe('one entry in a table of flags', () => {
  it('gives its value a type and a default', () => {
    const { values } = readLine(program, [], {});
    const typed: {
      readonly label: readonly string[];
      readonly failFast: boolean;
      readonly attempts: number;
      readonly colour: 'always' | 'never' | null;
    } = values;
    expect(typed).toEqual({ label: [], failFast: false, attempts: 3, colour: null });
  });

  it('collects a flag that may be repeated, or the lines of its variable', () => {
    const words = ['--label', 'a=b', '-label=c=d', '--label=', 'x'];
    expect(readLine(program, words.slice(0, 3), {}).values.label).toEqual(['a=b', 'c=d']);
    expect(readLine(program, words, {}).refusal).toMatch(/^Cannot use --label "": it is empty/);
    const env = { LEADER_RUN_LABEL: 'a=b\nc=d\n' };
    expect(readLine(program, [], env).values.label).toEqual(['a=b', 'c=d']);
    expect(readLine(program, ['--label', 'e=f'], env).values.label).toEqual(['e=f']);
  });

  it('refuses what it conflicts with, unless one of them is a variable that a flag beats', () => {
    expect(readLine(program, ['-f', '--attempts', '2'], {}).refusal).toBe(
      'Cannot combine --fail-fast and --attempts: leave one of them out',
    );
    const both = { LEADER_RUN_FAIL_FAST: 'true', LEADER_RUN_ATTEMPTS: '2' };
    expect(readLine(program, [], both).refusal).toBe(
      'Cannot combine LEADER_RUN_FAIL_FAST and LEADER_RUN_ATTEMPTS: leave one of them out',
    );
    expect(readLine(program, ['--attempts=4'], both)).toMatchObject({
      values: { failFast: false, attempts: 4 },
      refusal: null,
    });
  });

  it('has a variable unless it says otherwise', () => {
    const env = { LEADER_RUN_ATTEMPTS: '5', LEADER_RUN_COLOUR: 'always' };
    expect(readLine(program, [], env).values).toMatchObject({ attempts: 5, colour: null });
  });

  it('is listed by help under its heading', () => {
    const text = helpOf(program);
    expect(text).toMatch(/^Usage: it \[flags\]\n\nDoes it\.\n/);
    expect(text).toMatch(/^The Lease:\n {6}--label <KEY=VALUE> +label of the Lease$/m);
    expect(text).toMatch(/^ {2}-f, --fail-fast +end at the first failure$/m);
    expect(text).toMatch(/^ {6}--attempts <N> +tries \(default: 3\)$/m);
    expect(text).not.toContain('--no-');
  });
});
