import { describe, expect, it } from 'vitest';
import { oneLine } from '../../src/cli/text.ts';
import { options, read, refusal, refusalOf } from './run-line.ts';

describe('names', () => {
  const long = 'a'.repeat(254);

  it.each(['a', 'a.b-c', '0', 'a'.repeat(253)])('%s is a lock name', (name) => {
    expect(read(['--lock-name', name, 'true'])).toMatchObject({ options: { lockName: name } });
  });

  it.each(['../x', 'X', 'a_b', '-a', 'a-', 'a..b', '.a', 'a/b', 'a%2f', 'é', 'a\n', long])(
    '%j is no lock name',
    (name) => {
      expect(refusal([`--lock-name=${name}`, 'true'])).toMatch(
        /^Cannot use --lock-name ".*": not a valid RFC 1123 subdomain: /,
      );
    },
  );

  it.each(['a.b', '../x', 'X', 'kube_system', 'a'.repeat(64), ''])('%j is no namespace', (name) => {
    expect(refusalOf([`--namespace=${name}`])).toMatch(
      /^Cannot use --lock-namespace ".*": not a valid RFC 1123 label: /,
    );
  });

  it('there must be a lock name', () => {
    expect(refusal([])).toBe(
      'Cannot start: there is no lock name: give --lock-name or LEADER_RUN_LOCK_NAME',
    );
  });

  it('there must be a command', () => {
    const message =
      'Cannot start: there is no command: write it after the flags, for example leader-run --lock-name my-lock -- ./worker';
    expect(refusal(['--lock-name', 'x'])).toBe(message);
    expect(refusal(['--lock-name', 'x', '--'])).toBe(message);
    expect(refusal(['--lock-name', 'x', ''])).toMatch(
      /^Cannot start: the command is an empty word/,
    );
  });
});

describe('--id', () => {
  it.each(['me', '👩‍💻', 'système', 'a@b', 'a b', 'x'.repeat(1_024)])('%s is accepted', (id) => {
    expect(options(['--id', id]).settings.identity).toBe(id);
  });

  it.each([
    ['', 'it is empty: an empty holder means that no one leads'],
    ['  ', 'it is empty: an empty holder means that no one leads'],
    ['é'.repeat(513), 'it is too long: 1026 bytes, at most 1024 are allowed'],
    ['a\nb', 'it holds a control character (U+000A)'],
    ['web\u202e0', 'it holds a control character (U+202E)'],
    ['\u2066web', 'it holds a control character (U+2066)'],
    ['a\u2028b', 'it holds a control character (U+2028)'],
    ['a\ud800', 'it holds a control character (U+D800)'],
    [
      '$(POD_NAME)-1',
      "$(POD_NAME) was not expanded, so that every replica would have the same identity: declare that variable in the container's env",
    ],
  ])('%j is refused', (id, why) => {
    expect(refusalOf([`--id=${id}`])).toBe(
      oneLine(`Cannot use --id ${JSON.stringify(id)}: ${why}`),
    );
  });
});
