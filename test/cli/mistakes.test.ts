/** A command line with a mistake says which, and what is meant. */
import { describe, expect, it } from 'vitest';
import { options, read, refusal } from './run-line.ts';

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

describe('a flag where the value of another one belongs, as an empty variable of a script leaves it', () => {
  const lock = ['--lock-name', 'x'];

  it.each([
    [[...lock, '--once', '--try', '--', 'true'], '--once', '--try'],
    [[...lock, '--once', '-try', '--', 'true'], '--once', '-try'],
    [[...lock, '-once', '-q', 'true'], '--once', '-q'],
    [[...lock, '--once', '-qv', 'true'], '--once', '-qv'],
    [[...lock, '--once', '--no-try', 'true'], '--once', '--no-try'],
    [[...lock, '--id', '--once=k', 'true'], '--id', '--once=k'],
    [[...lock, '--id', '-nprod', 'true'], '--id', '-nprod'],
    [['--lock-name', '--once', 'k', 'true'], '--lock-name', '--once'],
    [['status', '-n', '-A', 'x'], '--lock-namespace', '-A'],
    [['status', '-o', '--watch', 'x'], '--output', '--watch'],
    [['transfer', 'x', '--to', '--wait', '1s'], '--to', '--wait'],
    [['check', '--context', '--kubeconfig', 'f'], '--context', '--kubeconfig'],
    [['manifests', ...lock, '--cron', '--image', 'i', '--', 'true'], '--cron', '--image'],
    [['sandbox', '--kubeconfig', '--port', '1'], '--kubeconfig', '--port'],
  ])('%j', (words, flag, word) => {
    expect(refusal(words)).toBe(
      `Cannot start: ${flag} has no value: ${JSON.stringify(word)}, the next word, is a flag: if it is the value, write ${flag}=${word}`,
    );
  });

  it.each([['-x'], ['-1'], ['-v1'], ['--a-key'], ['-'], ['---'], ['-qz']])(
    '%s is no flag, and can be a value',
    (key) => {
      expect(options(['--once', key]).settings.once).toMatchObject({ key });
    },
  );

  it('behind "=" and in a variable it is the value', () => {
    expect(options(['--once=--try']).settings.once).toMatchObject({ key: '--try' });
    const env = { LEADER_RUN_ONCE: '--try' };
    expect(options([], env).settings.once).toMatchObject({ key: '--try' });
  });

  it('the words of the command are its own', () => {
    const words = ['kubectl', '--context', '--try', '-n', '--', '--once', '--try'];
    const line = read([...lock, '--once=k', ...words]);
    expect(line).toMatchObject({ id: 'run', options: { command: words } });
  });
});

describe('a flag behind the command', () => {
  it.each([['--lock-name'], ['-lease-lock-name=x9']])('%s is said to be too late', (flag) => {
    expect(refusal(['true', flag, 'x9'])).toBe(
      `Cannot start: "${flag}" comes after the command "true", so that it belongs to it: write the flags of leader-run before the command`,
    );
  });
});
