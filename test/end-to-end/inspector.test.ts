/** USR1 has Node open its inspector, through which any user of the machine could run code, until someone listens to it. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { stateOf, until } from '../command/fixtures/processes.ts';
import { createCommand } from '../fixtures/pty.ts';
import { bundle, leaderRun, sandbox, startBy, waitFor } from './rig.ts';

/** Stops itself, and ignores USR1, before it becomes what it is told: only so the first instant cannot be missed. */
const stopped = ['sh', '-c', `trap '' USR1; kill -STOP $$; exec "$@"`, 'sh'] as const;

/** Continues it, and sends USR1 without a pause until the program listens to all signals: Node itself listens to some. */
async function sendFromTheFirstInstant(pid: number): Promise<void> {
  await until('it is stopped', () => stateOf(pid) === 'T');
  process.kill(pid, 'SIGCONT');
  while (!has(pid, 'SigCgt', 'SIGUSR2') && stateOf(pid) !== 'Z') {
    process.kill(pid, 'SIGUSR1');
    // Node has a line to write for each, and waits for its reader.
    await setImmediate();
  }
}

function has(pid: number, mask: string, signal: NodeJS.Signals): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const bits = BigInt(`0x${new RegExp(`${mask}:\\t(\\w+)`).exec(status)?.[1] ?? '0'}`);
  return ((bits >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}

/** The addresses at which this process listens, as the kernel writes them. */
function listeningAt(pid: number): string[] {
  const sockets = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  return ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'latin1').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, , , state, , , , , , inode]) => state === '0A' && sockets.includes(`socket:[${inode}]`),
    )
    .map(([, address = '']) => address);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

it.each([
  // Node says that it could not be opened; started without the launcher, that it was, and could not be opened again.
  { how: 'by the launcher', words: [...stopped, leaderRun] as const, opened: 0 },
  {
    how: 'without the launcher',
    words: [...stopped, process.execPath, bundle] as const,
    opened: 1,
  },
])(
  'nothing listens after USR1s from the first instant, started $how',
  async ({ words, opened }) => {
    const { kubeconfigPath } = await sandbox();
    const command = await createCommand(['SIGUSR1']);
    const leader = startBy(words, kubeconfigPath, ['--lock-name', 'x', '--', ...command.words]);
    const pid = leader.pid ?? 0;
    const refused = waitFor(leader.stderr, 'Starting inspector on fe80::1:9229 failed');

    await sendFromTheFirstInstant(pid);
    const said = await refused;
    const { says, ...running } = await command.started;

    expect(said.match(/Debugger listening/g) ?? []).toHaveLength(opened);
    expect(listeningAt(pid)).toEqual([]);
    leader.kill('SIGUSR1');
    await says.until(/got SIGUSR1 1/);
    running.order('exit 9');
    expect((await leader).exitCode).toBe(9);
    expect(says.text.match(/got \w+/g)).toEqual(['got SIGUSR1']);
  },
);
