import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roomForLossGraceMs } from '../../src/election/settings.ts';
import { options, read, refusalOf } from './run-line.ts';

describe('defaults', () => {
  it('are those of the documentation', () => {
    expect(options([])).toMatchObject({
      lockName: 'x',
      flags: {
        lockNamespace: null,
        kubeconfig: null,
        context: null,
        signal: 'SIGTERM',
        conflictExitCode: 124,
        lostExitCode: 75,
      },
      settings: {
        identity: 'host_4f1c',
        leaseDurationMs: 15_000,
        renewDeadlineMs: 10_000,
        retryPeriodMs: 2_000,
        lossGraceMs: 3_830,
        gracePeriodMs: 25_000,
        waitMs: Infinity,
      },
      operate: null,
      log: { format: 'text', level: 'info' },
      warnings: [],
      command: ['true'],
    });
  });

  it('the identity begins with POD_NAME where there is one', () => {
    expect(options([], { POD_NAME: 'web-0' }).settings.identity).toBe('web-0_4f1c');
    expect(options([], { POD_NAME: '' }).settings.identity).toBe('host_4f1c');
  });
});

describe('--lease-duration alone scales the others', () => {
  it.each([
    ['6s', 4_000, 1_000],
    ['15s', 10_000, 2_000],
    ['60s', 40_000, 8_000],
    ['1h', 2_400_000, 480_000],
  ])('%s', (text, renewDeadlineMs, retryPeriodMs) => {
    expect(options(['--lease-duration', text]).settings).toMatchObject({
      renewDeadlineMs,
      retryPeriodMs,
    });
  });

  it.each([
    ['6s', '3s', '1s'],
    ['60s', '15s', '5s'],
    ['4s', '2s', '1s'],
  ])('%s/%s/%s is accepted', (lease, renew, retry) => {
    const words = ['--lease-duration', lease, '--renew-deadline', renew, '--retry-period', retry];
    expect(options(words).settings.lossGraceMs).toBeGreaterThanOrEqual(0);
  });

  it('whatever is accepted leaves room for the kill before another may lead (G1)', () => {
    const ms = (most: number) => fc.integer({ min: 1, max: most }).map((value) => `${value}ms`);
    const given = fc.record(
      {
        'lease-duration': fc.integer({ min: 1, max: 120 }).map((value) => `${value}s`),
        'renew-deadline': ms(100_000),
        'retry-period': ms(10_000),
        'loss-grace': ms(20_000),
      },
      { requiredKeys: [] },
    );
    let accepted = 0;
    fc.assert(
      fc.property(given, (flags) => {
        const words = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
        const line = read(['--lock-name=x', ...words, 'true']);
        if (line.id !== 'run') return;
        accepted += 1;
        const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, lossGraceMs } =
          line.options.settings;
        expect(lossGraceMs).toBeLessThanOrEqual(
          roomForLossGraceMs(leaseDurationMs, renewDeadlineMs) + 1e-3,
        );
        expect(renewDeadlineMs).toBeLessThan(leaseDurationMs);
        expect(retryPeriodMs * 1.2).toBeLessThan(renewDeadlineMs);
        expect(retryPeriodMs).toBeGreaterThanOrEqual(1_000);
        expect(leaseDurationMs % 1_000).toBe(0);
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(10);
  });
});

describe('impossible settings are refused with the numbers (G6)', () => {
  it.each([
    [
      ['--renew-deadline', '15s'],
      'Cannot start: --renew-deadline must be less than --lease-duration: current values are 15s and 15s',
    ],
    [
      ['--retry-period', '500ms'],
      'Cannot start: --retry-period must be at least 1s: current value is 500ms',
    ],
    [
      ['--renew-deadline', '6s', '--retry-period', '5s'],
      'Cannot start: --retry-period times 1.2 must be less than --renew-deadline: current values are 5s (times 1.2: 6s) and 6s. Use a retry period below 5s',
    ],
    [
      ['--retry-period', '9s'],
      'Cannot start: --retry-period times 1.2 must be less than --renew-deadline: current values are 9s (times 1.2: 10.8s) and 10s. Use a retry period below 8.333s',
    ],
    [
      ['--loss-grace', '6s'],
      'Cannot start: --renew-deadline + --loss-grace + 1.02s must be at most --lease-duration less 1% skew: current values are 10s + 6s + 1.02s = 17.02s and 14.85s',
    ],
    [
      ['--lease-duration', '3s'],
      'Cannot start: --renew-deadline + --loss-grace + 1.02s must be at most --lease-duration less 1% skew: current values are 2s + 0s + 1.02s = 3.02s and 2.97s',
    ],
    [
      ['--lease-duration', '1500ms'],
      'Cannot use --lease-duration "1500ms": it must be whole seconds: the API server stores no fractions',
    ],
    [
      ['--lease-duration', '600000h'],
      'Cannot use --lease-duration "600000h": it must be at most 2147483647s, the most that the API server stores',
    ],
    [['--lease-duration', '0'], 'Cannot use --lease-duration "0": it must be more than 0'],
    [['--renew-deadline', '-5s'], 'Cannot use --renew-deadline "-5s": it must be more than 0'],
    [['--retry-period', '0s'], 'Cannot use --retry-period "0s": it must be more than 0'],
    [['--wait', '-1s'], 'Cannot use --wait "-1s": it must not be negative'],
    [
      ['--loss-grace', 'infinity'],
      'Cannot use --loss-grace "infinity": not a duration (examples: 15s, 1m30s, 500ms; units h, m, s, ms, us, ns)',
    ],
  ])('%j', (words, message) => {
    expect(refusalOf(words)).toBe(message);
  });

  it('the largest loss grace that fits is accepted, a millisecond more is not', () => {
    expect(options(['--loss-grace', '3830ms']).settings.lossGraceMs).toBe(3_830);
    expect(refusalOf(['--loss-grace', '3831ms'])).toMatch(
      /10s \+ 3\.831s \+ 1\.02s = 14\.851s and 14\.85s$/,
    );
  });

  it('a retry period above a third of the renew deadline is only warned of', () => {
    expect(options(['--renew-deadline', '9s', '--retry-period', '3s']).warnings).toEqual([]);
    expect(options(['--renew-deadline', '5s']).warnings).toHaveLength(1);
    expect(options(['--renew-deadline', '9s', '--retry-period', '3001ms']).warnings).toEqual([
      '--retry-period should be at most a third of --renew-deadline, or one lost request may cost the lease: current values are 3.001s and 9s',
    ]);
  });
});

it.each(['4s', '5s', '6s', '15s', '60s'])(
  '--lease-duration %s alone is not warned of: the rest was not given',
  (duration) => {
    expect(options(['--lease-duration', duration]).warnings).toEqual([]);
  },
);

describe('zero is meaningful', () => {
  it.each([
    ['--wait', 'waitMs'],
    ['--grace-period', 'gracePeriodMs'],
    ['--loss-grace', 'lossGraceMs'],
  ] as const)('for %s', (flag, field) => {
    expect(options([flag, '0']).settings[field]).toBe(0);
  });

  it.each([
    ['--wait', 'waitMs'],
    ['--grace-period', 'gracePeriodMs'],
  ] as const)('and infinity for %s', (flag, field) => {
    expect(options([flag, 'infinity']).settings[field]).toBe(Infinity);
  });
});

describe('--signal', () => {
  it.each([
    ['TERM', 'SIGTERM'],
    ['SIGTERM', 'SIGTERM'],
    ['15', 'SIGTERM'],
    ['quit', 'SIGQUIT'],
    ['WINCH', 'SIGWINCH'],
  ])('%s is %s', (text, signal) => {
    expect(options(['--signal', text]).flags.signal).toBe(signal);
  });

  it.each([
    ['STOP', 'SIGSTOP does not ask a process to end'],
    ['CONT', 'SIGCONT does not ask a process to end'],
    ['20', 'SIGTSTP does not ask a process to end'],
    ['KILL', 'it leaves the command no time to stop: to kill it at once use --grace-period 0'],
    ['99', 'unknown signal (examples: TERM, SIGTERM, 15)'],
    ['', 'unknown signal (examples: TERM, SIGTERM, 15)'],
  ])('%j is refused', (text, why) => {
    expect(refusalOf([`--signal=${text}`])).toBe(
      `Cannot use --signal ${JSON.stringify(text)}: ${why}`,
    );
  });
});

describe('exit codes', () => {
  it('--try -E 0 -q is the silent success of cron', () => {
    expect(options(['--try', '-E', '0', '-q'])).toMatchObject({
      settings: { waitMs: 0 },
      flags: { conflictExitCode: 0 },
      log: { level: 'warn' },
    });
  });

  it.each(['256', '-1', 'x', '1.5', '', '0x10', '1e2'])('%j is none', (text) => {
    expect(refusalOf([`-E=${text}`])).toBe(
      `Cannot use --conflict-exit-code ${JSON.stringify(text)}: it must be a whole number from 0 to 255`,
    );
  });
});

describe('the log', () => {
  it.each([
    [['-v'], 'debug'],
    [['-v=4'], 'debug'],
    [['--v=5'], 'debug'],
    [['-v=2'], 'info'],
    [['-v=0'], 'info'],
    [['--verbose'], 'debug'],
    [['--log-level', 'ERROR'], 'error'],
    [['-q'], 'warn'],
  ])('%j is level %s', (words, level) => {
    expect(options(words).log.level).toBe(level);
  });

  it.each([
    [
      ['--log-level', 'trace'],
      'Cannot use --log-level "trace": it must be debug, info, warn or error',
    ],
    [['--log-format', 'xml'], 'Cannot use --log-format "xml": it must be text or json'],
    [['-v=x'], 'Cannot use --verbose "x": it must be a whole number, as klog has it, or nothing'],
    [['-q', '-v'], 'Cannot combine --quiet and --verbose: leave one of them out'],
    [['--try', '--wait', '3s'], 'Cannot combine --wait and --try: leave one of them out'],
    [['--try=maybe'], 'Cannot use --try "maybe": expected true or false'],
  ])('%j is refused', (words, message) => {
    expect(refusalOf(words)).toBe(message);
  });
});
