/** Signals sent to the built program, which has no terminal. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { caughtSignals } from '../../src/process/signals.ts';
import { leaderRun, readLease, sandbox, start, startBy, waitFor } from '../end-to-end/rig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { createCommand } from '../fixtures/pty.ts';

const lock = ['--lock-name', 'x'];

async function leading(signals: readonly NodeJS.Signals[], flags: readonly string[] = []) {
  const { kubeconfigPath, ...api } = await sandbox();
  const command = await createCommand(signals);
  const leader = start(kubeconfigPath, [...lock, ...flags, '--', ...command.words]);
  return { api, leader, command: await command.started };
}

async function standby() {
  const { kubeconfigPath, ...api } = await sandbox();
  const command = await createCommand(['SIGUSR1']);
  const leader = start(kubeconfigPath, [...lock, '--', ...command.words]);
  const holder = await command.started;
  const waiting = start(kubeconfigPath, [...lock, '--', 'echo', 'started']);
  await waitFor(waiting.stderr, 'Waiting for lease');
  return { api, leader, holder, waiting };
}

describe('while the command runs', () => {
  it('each signal reaches it once, in the order sent', async () => {
    // The last two begin the stop, which the command survives.
    const asking = ['SIGINT', 'SIGTERM'] as const;
    const others = caughtSignals(false).filter((signal) => !asking.some((one) => one === signal));
    const signals = [...others, ...asking];
    const { leader, command } = await leading(signals);

    for (const signal of signals) {
      leader.kill(signal);
      await command.says.until(new RegExp(`got ${signal} 1`));
    }
    command.order('exit 9');

    expect((await leader).exitCode).toBe(9);
    expect(command.says.text.match(/got \w+/g)).toEqual(signals.map((signal) => `got ${signal}`));
  });

  it('what the kernel sends for its own limits and log does nothing, to it or the command', async () => {
    const ours = ['SIGPIPE', 'SIGXCPU', 'SIGXFSZ'] as const;
    const { leader, command } = await leading([...ours, 'SIGUSR1', 'SIGTERM']);

    for (const signal of [...ours, 'SIGUSR1'] as const) leader.kill(signal);
    await command.says.until(/got SIGUSR1/);
    command.order('exit 9');

    expect((await leader).exitCode).toBe(9);
    expect(command.says.text.match(/got \w+/g)).toEqual(['got SIGUSR1']);
  });

  it('a log file that may not grow is done without', async () => {
    const { kubeconfigPath } = await sandbox();
    const file = join(temporaryFolder(), 'log');
    const command = 'trap "echo got XFSZ" XFSZ; echo up; read -r line; exit 9';
    const run = execa(
      'sh',
      [
        '-c',
        `ulimit -f 0; exec "$0" "$@" 2>${file}`,
        leaderRun,
        ...lock,
        '--',
        'sh',
        '-c',
        command,
      ],
      { reject: false, env: { KUBECONFIG: kubeconfigPath } },
    );
    onTestFinished(() => void run.kill('SIGKILL'));
    await waitFor(run.stdout, 'up');
    run.stdin.end('\n');

    expect(await run).toMatchObject({ exitCode: 9, stdout: 'up' });
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('a signal that is sent again is passed on again', async () => {
    const { leader, command } = await leading(['SIGTERM', 'SIGINT']);

    for (const count of [1, 2, 3]) {
      leader.kill('SIGTERM');
      await command.says.until(new RegExp(`got SIGTERM ${count}`));
      leader.kill('SIGINT');
      await command.says.until(new RegExp(`got SIGINT ${count}`));
    }
    command.order('exit 0');

    expect((await leader).exitCode).toBe(0);
  });

  it('--signal takes the place of TERM, and only of TERM', async () => {
    const { leader, command } = await leading(['SIGUSR2', 'SIGINT'], ['--signal', 'USR2']);

    leader.kill('SIGINT');
    await command.says.until(/got SIGINT 1/);
    leader.kill('SIGTERM');
    await command.says.until(/got SIGUSR2 1/);
    command.order('exit 4');

    expect((await leader).exitCode).toBe(4);
  });

  it('QUIT and HUP end nothing but what they end in the command', async () => {
    const { api, leader, command } = await leading(['SIGQUIT', 'SIGHUP', 'SIGUSR1']);

    leader.kill('SIGQUIT');
    leader.kill('SIGHUP');
    leader.kill('SIGUSR1');
    await command.says.until(/got SIGUSR1/);

    expect((await readLease(api, 'x'))?.spec.holderIdentity).not.toBe('');
    leader.kill('SIGTERM');
    expect((await leader).exitCode).toBe(128 + constants.signals.SIGTERM);
  });
});

describe('while standby', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    '%s ends it with 128+n, and nothing was started',
    async (signal) => {
      const { api, waiting } = await standby();
      const before = await readLease(api, 'x');

      waiting.kill(signal);

      expect(await waiting).toMatchObject({
        exitCode: 128 + constants.signals[signal],
        stdout: '',
      });
      expect((await readLease(api, 'x'))?.spec.holderIdentity).toBe(before?.spec.holderIdentity);
    },
  );

  it('the others do nothing: it leads when its turn comes', async () => {
    const { leader, waiting } = await standby();
    const ending = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGTSTP'];

    waiting.kill('SIGPIPE');
    for (const signal of caughtSignals(false).filter((one) => !ending.includes(one))) {
      waiting.kill(signal);
    }
    leader.kill('SIGTERM');

    expect(await waiting).toMatchObject({ exitCode: 0, stdout: 'started' });
  });
});

describe('a signal that is ignored at start, as under nohup', () => {
  it('is passed on but asks nothing of leader-run, and the command ignores it too', async () => {
    const { kubeconfigPath, ...api } = await sandbox();
    const command = 'trap "exit 3" USR1; echo up; while :; do sleep 0.1; done';
    const script = `trap '' HUP INT TERM; exec "$0" "$@"`;
    const args = ['-c', script, leaderRun, ...lock, '--', 'sh', '-c', command];
    const leader = execa('/bin/sh', args, {
      detached: true,
      reject: false,
      forceKillAfterDelay: false,
      env: { KUBECONFIG: kubeconfigPath },
    });
    onTestFinished(() => void leader.kill('SIGKILL'));
    await waitFor(leader.stdout, 'up');

    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGUSR1'] as const) leader.kill(signal);

    expect((await leader).exitCode).toBe(3);
    expect((await readLease(api, 'x'))?.spec.holderIdentity).toBe('');
  });
});

it('signals that are blocked at start reach it, and are not blocked in the command', async () => {
  const { kubeconfigPath } = await sandbox();
  const blocking = `use POSIX;
    sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGHUP, SIGTERM, SIGUSR1));
    exec @ARGV`;
  const script = 'trap "exit 3" TERM; grep SigBlk /proc/self/status; while :; do sleep 0.1; done';
  const words = ['perl', '-e', blocking, leaderRun] as const;
  const leader = startBy(words, kubeconfigPath, [...lock, '--', 'sh', '-c', script]);
  const said = await waitFor(leader.stdout, '\n');

  leader.kill('SIGTERM');

  expect((await leader).exitCode).toBe(3);
  expect(said).toMatch(/^SigBlk:\t0+\n$/);
});
