/** `--once`, `--once-per`, `--warm`, `--on-lost`, `--max-term`: what is refused, and why. */
import { describe, expect, it } from 'vitest';
import { options, refusalOf } from './run-line.ts';

describe('the key of --once', () => {
  it.each([
    ['2026-01-01', '2026-01-01'],
    [' a "quoted" key, with = and , ', ' a "quoted" key, with = and , '],
    ['k'.repeat(253), 'k'.repeat(253)],
    ['é'.repeat(126), 'é'.repeat(126)],
  ])('%j is taken as it is', (text, key) => {
    expect(options(['--once', text]).settings.once).toEqual({ id: 'key', key, counts: 'success' });
  });

  it.each([
    ['', 'it is empty: give a value or leave it out'],
    ['k'.repeat(254), 'it is too long: 254 bytes, at most 253 are allowed'],
    ['é'.repeat(127), 'it is too long: 254 bytes, at most 253 are allowed'],
    ['a\nb', 'it holds a control character (U+000A)'],
    ['a\u0000b', 'it holds a control character (U+0000)'],
    ['a\u001b[1m', 'it holds a control character (U+001B)'],
    ['a\u202eb', 'it holds a control character (U+202E)'],
    ['a\u2028b', 'it holds a control character (U+2028)'],
    ['a\ud800', 'it holds a control character (U+D800)'],
    // What Node.js makes of bytes that are not UTF-8: two keys would be one.
    ['\ufffd', 'it holds U+FFFD, which stands for bytes that are not UTF-8'],
  ])('%j is refused', (text, why) => {
    expect(refusalOf([`--once=${text}`])).toContain(`: ${why}`);
  });
});

it('the key of LEADER_RUN_ONCE and an --id are texts of the same kind', () => {
  const why = 'it holds U+FFFD, which stands for bytes that are not UTF-8';
  expect(refusalOf([], { LEADER_RUN_ONCE: 'a\ufffd' })).toBe(
    `Cannot use LEADER_RUN_ONCE "a\ufffd": ${why}`,
  );
  expect(refusalOf(['--id=a\ufffd'])).toBe(`Cannot use --id "a\ufffd": ${why}`);
});

it('--once-per and --once-at', () => {
  const { settings } = options(['--once-per', '50s', '--once-at', 'start']);
  expect(settings.once).toEqual({ id: 'period', periodMs: 50_000, counts: 'start' });
});

describe('what does not go together', () => {
  it.each([
    [
      ['--once', 'a', '--once-per', '1h'],
      'Cannot combine --once and --once-per: leave one of them out',
    ],
    [
      ['--once', 'a', '--warm'],
      'Cannot combine --once and --warm: what runs already cannot be left out',
    ],
    [
      ['--once-per', '1h', '--warm'],
      'Cannot combine --once-per and --warm: what runs already cannot be left out',
    ],
    [
      ['--once', 'a', '--on-lost', 'rejoin'],
      'Cannot combine --once and --on-lost rejoin: a run that is lost is not run again by the same process',
    ],
    [
      ['--once-per', '1h', '--on-lost', 'rejoin'],
      'Cannot combine --once-per and --on-lost rejoin: a run that is lost is not run again by the same process',
    ],
    [
      ['--once-at', 'start'],
      'Cannot use --once-at alone: it says what counts for --once or --once-per',
    ],
    [
      ['--once', 'a', '--once-at', 'end'],
      'Cannot use --once-at "end": it must be success or start',
    ],
    [['--once-per', '0'], 'Cannot use --once-per "0": it must be more than 0'],
    [['--max-term', '0'], 'Cannot use --max-term "0": it must be more than 0'],
    [['--on-lost', 'restart'], 'Cannot use --on-lost "restart": it must be exit or rejoin'],
    [
      ['--promote-signal', 'USR1'],
      'Cannot use --promote-signal without --warm: the command is started when it leads',
    ],
    [
      ['--warm', '--promote-signal', 'KILL'],
      'Cannot use --promote-signal "KILL": SIGKILL tells a process nothing: use one like USR1',
    ],
    [
      ['--warm', '--promote-signal', 'TSTP'],
      'Cannot use --promote-signal "TSTP": SIGTSTP tells a process nothing: use one like USR1',
    ],
    [
      ['--warm', '--promote-signal', 'INT', '--signal', 'INT'],
      'Cannot use --promote-signal SIGINT: it is the signal that asks the command to stop (--signal)',
    ],
  ])('%j', (words, message) => {
    expect(refusalOf(words)).toBe(message);
  });

  it('all else does', () => {
    expect(options(['--warm', '--on-lost', 'rejoin', '--max-term', '1h']).settings).toMatchObject({
      rejoins: true,
      maxTermMs: 3_600_000,
    });
    expect(options(['--warm', '--promote-signal', 'USR1']).flags.promoteSignal).toBe('SIGUSR1');
  });
});
