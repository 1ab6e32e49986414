/** A command line with a mistake says which, and what is meant. */
import { describe, expect, it } from 'vitest';
import { refusal } from './run-line.ts';

describe('unknown flags', () => {
  const help = ': see leader-run --help';

  it.each([
    [['--lok-name', 'x'], `unknown option '--lok-name' (Did you mean --lock-name?)${help}`],
    [
      ['--lease-duraton=3s'],
      `unknown option '--lease-duraton' (Did you mean --lease-duration?)${help}`,
    ],
    [
      ['-lease-duraton', '3s'],
      `unknown option '--lease-duraton' (Did you mean --lease-duration?)${help}`,
    ],
    [['--zzz'], `unknown option '--zzz'${help}`],
    [['--a\nb'], `unknown option '--a b'${help}`],
    [['-Z'], `unknown option '-Z'${help}`],
    [['-qZ'], `unknown option '-Z'${help}`],
    [['--=x'], `unknown option '--=x'${help}`],
  ])('%j', (words, message) => {
    expect(refusal(['--lock-name', 'x', ...words])).toBe(`Cannot start: ${message}`);
  });
});

describe('a flag without its value', () => {
  it.each([
    [['--lock-name'], '--lock-name'],
    [['--lock-name', 'x', '--id'], '--id'],
    [['--lock-name', '--', 'true'], '--lock-name'],
    [['--lock-name', 'x', '--grace-period', '--', 'true'], '--grace-period'],
    [['--lock-name', 'x', '-n', '--', 'true'], '--lock-namespace'],
  ])('%j', (words, flag) => {
    expect(refusal(words)).toBe(
      `Cannot start: ${flag} has no value: write it as the next word or after "="`,
    );
  });
});

describe('a flag behind the command', () => {
  it.each([['--lock-name'], ['-lease-lock-name=x9']])('%s is said to be too late', (flag) => {
    expect(refusal(['true', flag, 'x9'])).toBe(
      `Cannot start: "${flag}" comes after the command "true", so that it belongs to it: write the flags of leader-run before the command`,
    );
  });
});
