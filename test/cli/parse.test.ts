import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommandLine } from '../../src/cli/options.ts';
import { options, read, refusal } from './run-line.ts';

/** The part of a line that says what is run. */
function commandOf(line: CommandLine): unknown {
  return line.id === 'run' ? line.options.command : line;
}

describe('the first word that is no flag ends the flags', () => {
  it.each([
    [
      ['--lock-name', 'x', 'ls', '-l', '--try'],
      ['ls', '-l', '--try'],
    ],
    [
      ['--lock-name', 'x', '--', 'ls', '-l'],
      ['ls', '-l'],
    ],
    [
      ['--lock-name=x', '--', '--odd', '--'],
      ['--odd', '--'],
    ],
    [
      ['--lock-name=x', 'sh', '--', 'a'],
      ['sh', '--', 'a'],
    ],
    [['--lock-name', 'x', '-q', 'sandbox'], ['sandbox']],
    [
      ['--lock-name', 'x', 'a', '', ' ', 'é\n"\''],
      ['a', '', ' ', 'é\n"\''],
    ],
    [['--lock-name', 'x', '-'], ['-']],
  ])('%j runs %j', (words, command) => {
    expect(commandOf(read(words))).toEqual(command);
  });

  it('takes a command of more words than a call has room for', () => {
    const command = ['echo', ...Array.from({ length: 200_000 }, (_, at) => String(at))];
    expect(commandOf(read(['--lock-name', 'x', ...command]))).toEqual(command);
  });

  it('keeps every word of the command as it is', () => {
    const name = fc.string({ minLength: 1 }).filter((word) => !word.startsWith('-'));
    const flags = fc.subarray(['--try', '-E=3', '-lease-duration=60s', '-v', '--id=me', '-n=ns']);
    fc.assert(
      fc.property(
        flags,
        name,
        fc.array(fc.string()),
        fc.boolean(),
        (before, word, rest, hasDashes) => {
          const words = [
            '--lock-name',
            'x',
            ...before,
            ...(hasDashes ? ['--'] : []),
            word,
            ...rest,
          ];
          expect(commandOf(read(words))).toEqual([word, ...rest]);
        },
      ),
    );
  });

  it('never throws, whatever the words', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '--',
        '-',
        '-q',
        '-E',
        '--try',
        '--id',
        '-lock-name',
        '--lock-name=x',
        '-v=4',
        '-qE0',
        '--=',
        '-=',
        '-1',
      ),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(['run', 'sandbox', 'print', 'refused']).toContain(read(words).id);
      }),
    );
  });
});

describe('sub-commands', () => {
  it('are the very first word only', () => {
    expect(read(['sandbox']).id).toBe('sandbox');
    expect(commandOf(read(['--lock-name', 'x', 'sandbox']))).toEqual(['sandbox']);
  });

  it('sandbox takes a port, a file and a command', () => {
    expect(read(['sandbox', '-port', '8080', '--kubeconfig=k', '--', 'sh', '-c', 'x'])).toEqual({
      id: 'sandbox',
      flags: { port: 8080, kubeconfig: 'k', help: false },
      words: ['sh', '-c', 'x'],
      texts: { port: '8080', kubeconfig: 'k' },
    });
  });

  it('sandbox needs nothing', () => {
    expect(read(['sandbox'])).toEqual({
      id: 'sandbox',
      flags: { port: 0, kubeconfig: null, help: false },
      words: [],
      texts: {},
    });
  });

  it('sandbox does not write over the kubeconfig that LEADER_RUN_KUBECONFIG names', () => {
    const line = read(['sandbox'], { LEADER_RUN_KUBECONFIG: '/home/me/.kube/config' });
    expect(line.id === 'sandbox' ? line.flags.kubeconfig : line).toBeNull();
  });

  it('sandbox refuses what it does not know', () => {
    expect(refusal(['sandbox', '--prot', '1'])).toBe(
      "Cannot start: unknown option '--prot' (Did you mean --port?): see leader-run sandbox --help",
    );
    expect(refusal(['sandbox', '--port', '70000'])).toBe(
      'Cannot use --port "70000": it must be a whole number from 0 to 65535',
    );
  });
});

describe('every spelling of a flag', () => {
  it.each([
    ['--lock-namespace', 'ns'],
    ['--lock-namespace=ns'],
    ['-lock-namespace', 'ns'],
    ['-lock-namespace=ns'],
    ['--lease-lock-namespace', 'ns'],
    ['--namespace', 'ns'],
    ['-namespace=ns'],
    ['-n', 'ns'],
    ['-n=ns'],
    ['-nns'],
    ['-qn', 'ns'],
  ])('%s %s', (...words) => {
    expect(options(words).flags.lockNamespace).toBe('ns');
  });

  it('--lease-lock-name is --lock-name', () => {
    expect(read(['-lease-lock-name', 'y', 'true'])).toMatchObject({ options: { lockName: 'y' } });
  });

  it('the last of several wins', () => {
    expect(options(['-n', 'a', '--namespace=b']).flags.lockNamespace).toBe('b');
  });

  it('a value behind "=" may look like a flag, hold "=" or be empty', () => {
    expect(options(['--id=--try']).settings).toMatchObject({
      identity: '--try',
      waitMs: Infinity,
    });
    expect(options(['--id=a=b']).settings.identity).toBe('a=b');
    expect(options(['--id=-namespace=b']).settings.identity).toBe('-namespace=b');
    expect(refusal(['--lock-name=', 'true'])).toMatch(/^Cannot use --lock-name "": /);
  });
});

describe('a switch', () => {
  it.each([
    [['--try'], 0],
    [['--try=true'], 0],
    [['-try=1'], 0],
    [['--try=false'], Infinity],
    [['-try=F'], Infinity],
    [['--no-try'], Infinity],
    [['--try', '--try=false'], Infinity],
  ])('%j', (words, waitMs) => {
    expect(options(words).settings.waitMs).toBe(waitMs);
  });
});

describe('environment twins', () => {
  it('are enough by themselves, for ENTRYPOINT ["leader-run", "--"]', () => {
    const env = {
      LEADER_RUN_LOCK_NAME: 'x',
      LEADER_RUN_LEASE_DURATION: '60s',
      LEADER_RUN_TRY: 'true',
    };
    expect(read(['--', 'serve'], env)).toMatchObject({
      id: 'run',
      options: {
        lockName: 'x',
        settings: { leaseDurationMs: 60_000, waitMs: 0 },
        command: ['serve'],
      },
    });
  });

  it.each([
    ['LOCK_NAMESPACE', 'ns', { flags: { lockNamespace: 'ns' } }],
    ['ID', 'me', { settings: { identity: 'me' } }],
    ['KUBECONFIG', 'k', { flags: { kubeconfig: 'k' } }],
    ['CONTEXT', 'c', { flags: { context: 'c' } }],
    ['RENEW_DEADLINE', '9s', { settings: { renewDeadlineMs: 9_000 } }],
    ['RETRY_PERIOD', '3s', { settings: { retryPeriodMs: 3_000 } }],
    ['SIGNAL', 'INT', { flags: { signal: 'SIGINT' } }],
    ['GRACE_PERIOD', 'infinity', { settings: { gracePeriodMs: Infinity } }],
    ['LOSS_GRACE', '1s', { settings: { lossGraceMs: 1_000 } }],
    ['WAIT', '5s', { settings: { waitMs: 5_000 } }],
    ['CONFLICT_EXIT_CODE', '0', { flags: { conflictExitCode: 0 } }],
    ['LOST_EXIT_CODE', '1', { flags: { lostExitCode: 1 } }],
    ['LOG_FORMAT', 'json', { log: { format: 'json' } }],
    ['LOG_LEVEL', 'warn', { log: { level: 'warn' } }],
    ['VERBOSE', '1', { log: { level: 'debug' } }],
    ['QUIET', 'true', { log: { level: 'warn' } }],
  ])('LEADER_RUN_%s=%s', (name, value, expected) => {
    expect(options([], { [`LEADER_RUN_${name}`]: value })).toMatchObject(expected);
  });

  it('give way to the flag, also to another one for the same thing', () => {
    expect(options(['--id', 'flag'], { LEADER_RUN_ID: 'twin' }).settings.identity).toBe('flag');
    expect(options(['--try'], { LEADER_RUN_WAIT: '5s' }).settings.waitMs).toBe(0);
    expect(options(['--try=false'], { LEADER_RUN_TRY: 'true' }).settings.waitMs).toBe(Infinity);
    expect(options(['-q'], { LEADER_RUN_LOG_LEVEL: 'debug' }).log).toMatchObject({ level: 'warn' });
  });

  it('are named in messages about them', () => {
    const env = { LEADER_RUN_LEASE_DURATION: '10' };
    expect(refusal(['--lock-name', 'x', 'true'], env)).toBe(
      'Cannot use LEADER_RUN_LEASE_DURATION "10": it has no unit: write 10s for seconds',
    );
  });

  it('count as not set when empty, and so do switches that are off', () => {
    const env = { LEADER_RUN_ID: '', LEADER_RUN_TRY: 'false', LEADER_RUN_WAIT: '3s' };
    expect(options([], env).settings).toMatchObject({ identity: 'host_4f1c', waitMs: 3_000 });
  });

  it('that are misspelt are mentioned, what others set is not', () => {
    const env = {
      LEADER_RUN_LEASEDURATION: '60s',
      LEADER_RUN_IDENTITY: 'outer',
      LEADER_RUN_TREE_67f9: 'default/x',
      LEADER_RUN_LAUNCHER_NOFILE: '1024',
      LEADER_RUN_VERSION: '1.0',
      LEADER_RUN_SERVICE_HOST: '10.0.0.1',
      LEADER_RUN_WEB_SERVICE_PORT_HTTP: '80',
      LEADER_RUN_PORT: 'tcp://10.0.0.1:80',
      LEADER_RUN_WEB_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    expect(options([], env).warnings).toEqual([
      'Ignoring "LEADER_RUN_LEASEDURATION": there is no such setting. See leader-run --help',
    ]);
  });
});

describe('--help and --version', () => {
  it('win over whatever else is wrong', () => {
    expect(read(['--lock-name', 'A', '-h', 'ls'])).toMatchObject({ id: 'print' });
  });

  it("are the command's own after the first other word", () => {
    expect(commandOf(read(['--lock-name', 'x', 'ls', '--help']))).toEqual(['ls', '--help']);
  });

  it('--version prints the version alone', () => {
    expect(read(['--version'])).toEqual({ id: 'print', text: '1.2.3\n' });
  });
});

describe('a refusal', () => {
  it.each([
    [['--log-format', 'json', '--lock-name', 'A', '--', 'x'], {}, 'json'],
    [['--lock-name', 'A', '--', 'x'], { LEADER_RUN_LOG_FORMAT: 'json' }, 'json'],
    [['--no-such-flag'], { LEADER_RUN_LOG_FORMAT: 'json' }, 'json'],
    [['--lock-name', 'A', '--', 'x'], {}, 'text'],
  ])('of %j with %j is said as %s', (words, env, format) => {
    expect(read(words, env)).toMatchObject({ id: 'refused', format });
  });
});
