/** leader-run in a terminal: alone, as a job of a shell, or in a line for one. */
import {
  type RunningCommand,
  type Terminal,
  createCommand,
  openShell,
  openTerminal,
} from '../fixtures/pty.ts';
import { leaderRun, readLease, sandbox } from './rig.ts';

export const quiet = ['--lock-name', 'x', '-q'];
/** The shortest lease that leaves room for everything. */
export const short = ['--lease-duration', '4s', '--renew-deadline', '2s', '--retry-period', '1s'];

/** A line for a shell that runs leader-run, quietly, around these words. */
export function line(words: readonly string[], flags: readonly string[] = quiet): string {
  return [leaderRun, ...flags, '--', ...words].map((word) => `'${word}'`).join(' ');
}

/** leader-run leads the session of a terminal, as after `ssh -t host leader-run …` or `docker run -it`. */
export async function alone(signals: readonly NodeJS.Signals[] = []) {
  const { kubeconfigPath, ...api } = await sandbox();
  const command = await createCommand(signals);
  const terminal = openTerminal(leaderRun, [...quiet, '--', ...command.words], {
    KUBECONFIG: kubeconfigPath,
  });
  return { api, terminal, command: await command.started };
}

/** leader-run is a job in the foreground of an interactive shell. */
export async function asJob(
  signals: readonly NodeJS.Signals[] = [],
  flags: readonly string[] = [],
) {
  const { kubeconfigPath, ...api } = await sandbox();
  const command = await createCommand(signals);
  const terminal = await openShell({ KUBECONFIG: kubeconfigPath });
  terminal.type(`${line(command.words, [...quiet, ...flags])}\r`);
  return { api, terminal, command: await command.started };
}

/** A shell for one line with leader-run in it. */
export async function shell() {
  const { kubeconfigPath, ...api } = await sandbox();
  return { api, terminal: await openShell({ KUBECONFIG: kubeconfigPath }) };
}

/** Everything that leader-run passed on before this has arrived at the command, which must catch USR1. */
export async function settled({ parentPid, says }: RunningCommand): Promise<void> {
  process.kill(parentPid, 'SIGUSR1');
  await says.until(/got SIGUSR1/);
}

export async function released(api: { url: string; token: string }): Promise<void> {
  for (;;) {
    const lease = await readLease(api, 'x');
    if (lease?.spec.holderIdentity === '') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function statusOf(terminal: Terminal): Promise<number> {
  terminal.type('echo "status is $?"\r');
  const [, status] = await terminal.screen.until(/status is (\d+)/);
  return Number(status);
}

/** The only job of the shell is stopped. */
export async function stopped(terminal: Terminal): Promise<void> {
  for (;;) {
    terminal.type('jobs\r');
    const [, state] = await terminal.screen.until(/jobs\r\n[^]*?(Running|Stopped)[^]*?\$ $/);
    if (state === 'Stopped') return;
  }
}
