/**
 * leader-run as the first process of a container (docs/pid1.md): a PID namespace stands for the container.
 */
import { execa } from 'execa';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeTree } from '../command/fixtures/processes.ts';
import { createCommand, ctrlC, openTerminal } from '../fixtures/pty.ts';
import { createFamily } from './family.ts';
import { leaderRun, readLease, sandbox } from './rig.ts';

const isRoot = process.getuid?.() === 0;
const namespace = [
  ...['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'],
  ...(isRoot ? [] : ['--map-root-user']),
] as [string, ...string[]];

const find = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));

/** Linux lets root do it everywhere and others on most machines. */
const mayUnshare = spawnSync(namespace[0], [...namespace.slice(1), 'true']).status === 0;

/** Every shell of this machine that may be some image's /bin/sh. */
const shells = [
  [],
  ...['dash', 'bash', 'mksh'].flatMap((name) => (find(name) ? [[name]] : [])),
  ...(find('busybox') ? [['busybox', 'sh']] : []),
];

/** Starts leader-run as PID 1, or below the init given; it is gone with its namespace at the end of the test. */
async function startInit(
  words: readonly string[],
  init: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  const { kubeconfigPath, ...api } = await sandbox();
  const [unshare, ...flags] = namespace;
  const args = [...flags, ...init, leaderRun, '--lock-name', 'x', '-q', '--', ...words];
  const outside = execa(unshare, args, {
    reject: false,
    forceKillAfterDelay: false,
    env: { KUBECONFIG: kubeconfigPath, ...env },
  });
  onTestFinished(async ({ task }) => {
    const left = task.result?.state === 'fail' ? describeTree(outside.pid ?? 0) : '';
    outside.kill('SIGKILL');
    const { stdout, stderr } = await outside;
    if (left !== '') console.log(`At the end of the test:\n${left}\n${stdout}\n${stderr}`);
  });
  return { api, outside, firstPid: await firstPidIn(outside.pid ?? 0) };
}

/** The PID 1 of the namespace, by its number outside, once it is no unshare any more. */
async function firstPidIn(unsharePid: number): Promise<number> {
  for (;;) {
    const children = readFileSync(`/proc/${unsharePid}/task/${unsharePid}/children`, 'latin1');
    const pid = parseInt(children, 10);
    if (pid > 0 && !readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('unshare'))
      return pid;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.runIf(mayUnshare).each(shells.map((shell) => ({ shell, name: shell.join(' ') || 'sh' })))(
  'as PID 1, under $name',
  ({ shell }) => {
    it('/proc need not show more than processes (ProcSubset=pid)', async () => {
      const mount = 'mount -t proc -o subset=pid proc /proc && exec "$@"';
      const { outside } = await startInit(
        ['sh', '-c', 'test ! -e /proc/uptime; exit $((3 + $?))'],
        ['sh', '-c', mount, 'sh', ...shell],
      );

      const { exitCode, stderr } = await outside;
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(/no \/proc\/uptime/);
    });

    it('a closed stdin is an empty one', async () => {
      const closed = ['sh', '-c', 'exec "$@" <&-', 'sh', ...shell];
      const { outside } = await startInit(['sh', '-c', 'read line || exit 3'], closed);

      expect((await outside).exitCode).toBe(3);
    });

    it.each([0, 3, 127, 255])('the status is the command’s own: %i', async (code) => {
      const { outside } = await startInit(['sh', '-c', `exit ${code}`], shell);

      expect((await outside).exitCode).toBe(code);
    });

    it('every signal reaches the command once, in the order sent', async () => {
      const signals = [
        ...(['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT', 'SIGWINCH'] as const),
        ...(['SIGTSTP', 'SIGTTIN', 'SIGPWR', 'SIGABRT', 'SIGINT', 'SIGTERM', 'SIGTERM'] as const),
      ];
      const command = await createCommand([...signals, 'SIGXCPU', 'SIGXFSZ']);
      const { api, outside, firstPid } = await startInit(command.words, shell);
      const { says, ...running } = await command.started;

      for (const signal of signals) {
        process.kill(firstPid, signal);
        await says.until(new RegExp(`got ${signal}`));
      }
      // Of leader-run's own limits: the command hears nothing of them.
      process.kill(firstPid, 'SIGXCPU');
      process.kill(firstPid, 'SIGXFSZ');
      running.order('exit 9');

      expect((await outside).exitCode).toBe(9);
      expect(says.text.match(/got \w+/g)).toHaveLength(signals.length);
      expect((await readLease(api, 'x'))?.spec.holderIdentity).toBe('');
    });

    it('a signal that ends the command gives 128+n', async () => {
      const command = await createCommand();
      const { outside, firstPid } = await startInit(command.words, shell);
      await command.started;

      process.kill(firstPid, 'SIGTERM');

      expect((await outside).exitCode).toBe(143);
    });

    it('no orphan is left as a zombie', async () => {
      // The orphans hold the pipe to cat, so that its end means that all of them have died.
      const script = `
        for i in 1 2 3 4 5 6 7 8 9; do sh -c 'sleep 0.0$0 & exit' $i; done | cat
        while grep -q ') Z ' /proc/[0-9]*/stat; do :; done
        echo none`;
      const { outside } = await startInit(['sh', '-c', script], shell);

      expect(await outside).toMatchObject({ exitCode: 0, stdout: 'none' });
    });

    it('all of stdin is the command’s', async () => {
      const { outside } = await startInit(['cat'], shell);
      outside.stdin.end('first byte to last');

      expect((await outside).stdout).toBe('first byte to last');
    });

    it('SIGKILL of the leader-run below it ends the container', async () => {
      const command = await createCommand();
      const { outside } = await startInit(command.words, shell);
      const { gone } = await command.started;
      const { pid: unsharePid = 0 } = outside;

      // Not PID 1 itself but its only child but for the guard, which is not found by its name.
      const first = await firstPidIn(unsharePid);
      const children = readFileSync(`/proc/${first}/task/${first}/children`, 'latin1');
      process.kill(parseInt(children, 10), 'SIGKILL');

      await gone;
      expect((await outside).exitCode).toBe(137);
    });
  },
);

describe.runIf(mayUnshare)('as PID 1', () => {
  it.each(Array.from({ length: 16 }, (_, index) => index * 5))(
    'a TERM %i ms after the launcher has begun is not lost',
    async (delayMs) => {
      const { api, outside, firstPid } = await startInit(['sleep', '1000']);
      await catchesTerm(firstPid);
      await new Promise((resolve) => setTimeout(resolve, delayMs));

      process.kill(firstPid, 'SIGTERM');

      expect((await outside).exitCode).toBe(143);
      const lease = await readLease(api, 'x');
      expect(lease?.spec.holderIdentity ?? '').toBe('');
    },
  );
});

describe.runIf(mayUnshare)('SIGKILL of PID 1, as of a container that is removed by force', () => {
  it('G2, G3: leaves nothing, and nothing releases the lease', async () => {
    const family = createFamily();
    const command = await createCommand(['SIGTERM']);
    const { api, outside, firstPid } = await startInit(command.words, [], family.env);
    await command.started;

    process.kill(firstPid, 'SIGKILL');
    await outside;
    await family.extinct();

    expect((await readLease(api, 'x'))?.spec.holderIdentity).toMatch(/./);
  });
});

/** Until then the kernel keeps TERM from any PID 1, whatever its program. */
async function catchesTerm(pid: number): Promise<void> {
  const bit = 1 << (constants.signals.SIGTERM - 1);
  for (;;) {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const [, caught = ''] = /SigCgt:\s*(\w+)/.exec(status) ?? [];
    if ((parseInt(caught, 16) & bit) !== 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.runIf(mayUnshare && isRoot)('as PID 1 with a terminal', () => {
  async function startInTerminal(signals: readonly NodeJS.Signals[]) {
    const { kubeconfigPath, ...api } = await sandbox();
    const command = await createCommand(signals);
    const [unshare, ...flags] = namespace;
    // The PID 1 of a container leads the session of its terminal.
    const args = [...flags, 'setsid', '--ctty', leaderRun, '--lock-name', 'x', '-q', '--'];
    const terminal = openTerminal(unshare, [...args, ...command.words], {
      KUBECONFIG: kubeconfigPath,
    });
    return { api, terminal, command: await command.started };
  }

  it('Ctrl-C reaches the command once and stops nothing', async () => {
    const { terminal, command } = await startInTerminal(['SIGINT']);

    terminal.type(ctrlC);
    await command.says.until(/got SIGINT/);
    terminal.type(ctrlC);
    await command.says.until(/got SIGINT/);
    command.order('exit 5');

    expect(await terminal.ended).toBe(5);
    expect(command.says.text.match(/got SIGINT/g)).toHaveLength(2);
  });

  it('a hang-up ends the command', async () => {
    const { api, terminal, command } = await startInTerminal([]);

    terminal.hangUp();
    await command.gone;

    await terminal.ended;
    expect((await readLease(api, 'x'))?.spec.holderIdentity).toBe('');
  });
});

/** What may be PID 1 in its stead. */
const inits = [
  { name: 'tini', init: ['tini', '--'] },
  { name: 'dumb-init', init: ['dumb-init', '--'] },
  { name: 'exec of sh', init: ['sh', '-c', 'exec "$0" "$@"'] },
].filter(({ init: [program = ''] }) => find(program) !== undefined);

describe.runIf(mayUnshare).each(inits)('under the $name', ({ init }) => {
  it('signals reach the command, and its status comes out', async () => {
    const command = await createCommand(['SIGUSR1', 'SIGTERM']);
    const { api, outside, firstPid } = await startInit(command.words, init);
    const { says, ...running } = await command.started;

    process.kill(firstPid, 'SIGUSR1');
    await says.until(/got SIGUSR1 1/);
    process.kill(firstPid, 'SIGTERM');
    await says.until(/got SIGTERM 1/);
    running.order('exit 6');

    expect((await outside).exitCode).toBe(6);
    expect((await readLease(api, 'x'))?.spec.holderIdentity).toBe('');
  });
});
