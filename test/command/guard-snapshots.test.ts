/**
 * The guard's sh and `judgeTree` agree on who is a member. Random processes live with leader-run, which is then killed at a
 * random moment; the shipped script finds what is there then, in a folder that looks like /proc, and what it does with `kill`
 * happens to the simulated processes.
 * During leader-run's scan nothing happens: what it makes of a scan in the middle of changes is tested in `test/tree`.
 *
 * What may differ, and why:
 * - **A member that the guard misses**, only of those that shows no marker, and has an ancestor (or is one itself) that
 *   leader-run adopted after it last told the guard: with its parent it lost the chain to the command, and the guard's second
 *   net is the environment (docs/guarantees.md, limit 9). Right after leader-run has told the guard, it misses no member.
 * - **One that the guard kills and leader-run does not call a member**, only of those in the command's process group that were adopted
 *   before they were ever seen, and show no marker, while a child from before lives: leader-run presumes that it came of
 *   that one (docs/design.md 6, Tree). That it did not, its group shows: the guard kills the group by one call, and so does leader-run.
 * - **One that leader-run told the guard of in doubt, or a descendant of it**: in doubt a process is a member, until its parent ends and its
 *   own environment shows that it came of a helper.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { membershipScript } from '../../src/command/guard/guard-script.ts';
import { type Kernel, type Task, isGone } from '../simulation/kernel.ts';
import { type Remains, type Step, World, manySteps, markers, untorn } from '../tree/world.ts';
import { FakeProc } from './fixtures/fake-proc.ts';
import { shells } from './fixtures/shells.ts';

/** Each snapshot in a process of its own, because the script keeps in variables what it has seen. */
const program = `
kill() {
  echo "$1 $2" >&3
  read -r reply <&3
}
${membershipScript}
while IFS= read -r line <&3; do
  (
    eval "$line"
    kill_members
  ) 3>&3
  echo end >&3
done
`;

/** The guard's shell: told of a tree, it calls `onKill` for each of its calls. */
class Sh {
  readonly #process: ChildProcess;
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(shell: string) {
    this.#process = spawn(shell, ['-c', 'eval "$script"'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: { LC_ALL: 'C', script: program },
    });
    this.#socket = this.#process.stdio[3] as Socket;
    this.#lines = createInterface({ input: this.#socket })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#process.pid ?? expect.unreachable('the shell could not be started');
  }

  async killMembers(
    assignments: string,
    onKill: (signal: string, pid: number) => void,
  ): Promise<void> {
    this.#socket.write(`${assignments}\n`);
    for (;;) {
      const { value } = (await this.#lines.next()) as IteratorResult<string, undefined>;
      if (value === undefined) throw new Error('The shell has ended');
      if (value === 'end') return;
      const [signal = '', pid] = value.split(' ');
      onKill(signal, Number(pid));
      this.#socket.write('done\n');
    }
  }

  end(): void {
    this.#process.kill('SIGKILL');
  }
}

/** What the guard kills. */
async function strike(sh: Sh, proc: FakeProc, remains: Remains, lists: string): Promise<Set<Task>> {
  const { kernel, root, told, hasGroup } = remains;
  const group = hasGroup ? root.pid : '-';
  const words = told.map(({ pid, startTicks }) => `${pid} ${startTicks}`);
  const killed = new Set<Task>();
  proc.show(kernel);
  await sh.killMembers(
    `proc=${proc.path} root=${root.pid} since=${root.startTicks} group=${group} marker=${root.marker} told="${words.join(' ')}" lists=${lists}`,
    (signal, pid) => {
      for (const task of targetsOf(kernel, pid)) {
        kernel.setStopped(task, true);
        if (signal !== '-KILL') continue;
        killed.add(task);
        kernel.exit(task);
      }
      proc.show(kernel);
    },
  );
  return killed;
}

function targetsOf(kernel: Kernel, pid: number): Task[] {
  return [...kernel.tasks].filter(
    (task) => !isGone(task) && (pid < 0 ? task.group === -pid : task.pid === pid),
  );
}

function isMarked({ environment }: Task): boolean {
  return environment?.includes(markers.tree) === true;
}

function ancestryOf(task: Task): Task[] {
  return task.parent === null ? [task] : [task, ...ancestryOf(task.parent)];
}

/** A living process at the moment of the snapshot, and what the two say of it. */
interface Case {
  readonly task: Task;
  readonly isMember: boolean;
  /** The process and its ancestors. */
  readonly line: readonly Task[];
  readonly text: string;
}

function casesOf(
  { kernel, root, members, told, presumed, isOfCommand }: Remains,
  guardPid: number,
): Case[] {
  const isToldOf = (task: Task) => told.some(({ pid }) => pid === task.pid);
  return [...kernel.tasks]
    .filter((task) => !isGone(task) && task !== kernel.init && task.pid !== guardPid)
    .map((task) => {
      const { pid, parent, group, startTicks, environment, threads, isZombie } = task;
      const words = [
        `${pid} of ${parent?.pid ?? 0}, group ${group}, started at ${startTicks}, "${environment ?? ''}"`,
        ...(pid === root.pid ? [`has the command's number`] : []),
        ...(isOfCommand(task) ? ['came of the command'] : []),
        ...(isZombie ? [`main thread ended, ${threads} threads`] : []),
        ...(isToldOf(task) ? ['the guard was told of one with this number'] : []),
        ...(presumed.has(task) ? ['presumed to be an older child’s'] : []),
      ];
      const isMember = members.includes(task);
      const verdict = isMember ? 'member' : 'no member';
      return { task, isMember, line: ancestryOf(task), text: `${verdict}: ${words.join(', ')}` };
    });
}

/** The first difference in the comment above. */
function mayBeMissed({ task, line }: Case, { root, adopted }: Remains): boolean {
  if (isMarked(task) || !line.some((each) => adopted.has(each))) return false;
  // The group dies first; who is marked and was not in it is met, and all that descends from it.
  const seenFirst = line.find((each) => isMarked(each) || each.group === root.pid);
  return seenFirst !== task && (seenFirst === undefined || seenFirst.group === root.pid);
}

/** The second and the third one. */
function mayBeKilled({ task, line }: Case, { root, told, presumed }: Remains): boolean {
  if (isMarked(task)) return false;
  const isTold = ({ pid, startTicks }: Task) =>
    told.some((each) => each.pid === pid && each.startTicks === startTicks);
  return line.some(isTold) || (task.group === root.pid && presumed.has(task));
}

const options: ReadonlyArray<readonly [what: string, hasLists: boolean, runs: number]> = [
  ['with lists of children', true, 600],
  ['without lists of children', false, 400],
];

describe.each(shells.map((shell, at) => [shell, at === 0 ? 1 : 0.1] as const))(
  'the guard run by %s agrees with leader-run on who is a member',
  (shell, share) => {
    test.each(options)(
      '%s',
      async (_, hasLists, runs) => {
        const sh = new Sh(shell);
        const proc = new FakeProc(hasLists);
        onTestFinished(() => {
          sh.end();
          proc.remove();
        });
        const check = async (script: readonly Step[], isTold: boolean): Promise<void> => {
          const world = new World(hasLists, sh.pid);
          for (const step of script) world.perform(untorn(step));
          const remains = world.endLeaderRun(isTold);
          const cases = casesOf(remains, sh.pid);
          const killed = await strike(sh, proc, remains, hasLists ? 'yes' : '');
          const found = cases.flatMap((each) => {
            const isKilled = killed.has(each.task);
            const isAllowed = (each.isMember ? mayBeMissed : mayBeKilled)(each, remains);
            if (isKilled === each.isMember || isAllowed) return [];
            return `the guard ${isKilled ? 'kills' : 'misses'} ${each.task.pid}`;
          });
          const snapshot = cases.map(({ text }) => text).join('\n');
          if (found.length > 0) throw new Error(`${found.join(', ')}:\n${snapshot}`);
        };
        await fc.assert(fc.asyncProperty(manySteps, fc.boolean(), check), {
          seed: 1,
          numRuns: runs * share,
          // A snapshot says enough, and each takes 20 ms.
          endOnFailure: true,
        });
      },
      300_000,
    );
  },
);
