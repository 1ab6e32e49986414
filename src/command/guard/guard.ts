/**
 * The guard: a tiny sh in a session of its own that kills the tree when leader-run is gone, or when the deadline that it
 * got last has passed. Its program is in `guard-script.ts`.
 *
 * It shares nothing with what can go wrong here: it has none of the command's descriptors, no directory, ignores every
 * signal that can be ignored, and nothing in its arguments tells what it belongs to. What it cannot survive is SIGKILL and
 * SIGSTOP; a guard that is dead or silent is replaced.
 */
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { bootNowMs, hasShellClock, toCentiseconds } from '../../process/clock.ts';
import { raisePriority, shellName, spawnGuard } from './spawn-guard.ts';
import { killGroup } from '../../process/kill.ts';
import type { TreeRoot } from '../tree/process-tree.ts';
import { startFailure } from '../../process/start-process.ts';

export interface GuardOptions {
  readonly shell: string;
  /** How long an answer may take before the guard is taken for dead. */
  readonly timeoutMs: number;
  /** Variables that it gets besides its own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The guard knows the tree that it got last, and would kill it. Once for each. */
  readonly onArmed: () => void;
  /** Another guard has taken the place of one that is dead or silent ("ended with …"), and knows all that it knew. */
  readonly onReplaced: (whatItDid: string) => void;
  /** The guard found the deadline passed and has killed the tree. The last call. */
  readonly onKilled: () => void;
  /** There is no guard, or it is gone and could not be replaced. The last call. */
  readonly onLost: (message: string) => void;
}

/** A process known by pid and start time, as the number alone can belong to another one later. */
export interface GuardMember {
  readonly pid: number;
  readonly startTicks: number;
}

/** How long the first one may take to be armed: nothing runs yet, so there is time also on a machine with too much to do. */
const firstArmingMs = 10_000;

/** Keeps one guard alive: the present one, and for the time of a replacement also the one before. */
export class Guard {
  readonly #options: GuardOptions;
  #present: GuardProcess | null;
  /** The one before, and what it failed of, until the present one knows all that it knew. */
  #previous: { readonly guard: GuardProcess; readonly whatItDid: string } | null = null;
  /** All that a guard has to know, as lines of its program. It gets nothing before there is a tree. */
  readonly #lines = { tree: '', members: '', deadline: '' };
  #group: number | '-' = '-';
  #killAtMs = Infinity;
  #isArmed = false;

  /** Starts it. */
  constructor(options: GuardOptions) {
    this.#options = options;
    this.#present = new GuardProcess(this, options, Math.max(firstArmingMs, options.timeoutMs));
  }

  /** Tells it which tree to kill, instead of the one before. */
  arm({ pid, startTicks, hasOwnGroup, marker }: TreeRoot): void {
    this.#group = hasOwnGroup ? pid : '-';
    this.#isArmed = false;
    const tree = `root=${pid} since=${startTicks ?? '-'} group=${this.#group} marker=${marker}`;
    this.#tell('tree', tree);
  }

  /**
   * Tells it of members that do not descend from the root, instead of those before, and whether there is still one in the root's
   * group: the number of an empty one can become another's.
   */
  include(members: readonly GuardMember[], hasGroup = true): void {
    const words = members.map(({ pid, startTicks }) => `${pid} ${startTicks}`);
    this.#tell('members', `told="${words.join(' ')}" group=${hasGroup ? this.#group : '-'}`);
  }

  /** Moves the deadline: boot-clock ms, never earlier than before. */
  extend(killAtMs: number): void {
    this.#killAtMs = killAtMs;
    if (killAtMs === Infinity || !hasShellClock) return;
    // One step earlier than the deadline: sh sees whole steps and needs a moment to wake.
    this.#tell('deadline', `deadline=${toCentiseconds(killAtMs) - 1}`);
  }

  /** Ends it without harm to anybody. */
  disarm(): void {
    this.#end(() => undefined);
  }

  #tell(name: 'tree' | 'members' | 'deadline', assignments: string): void {
    const line = `. ${assignments} .\n`;
    if (this.#lines[name] === line && name !== 'tree') return;
    this.#lines[name] = line;
    if (name === 'tree') this.ready();
    else if (this.#lines.tree !== '') this.#present?.tell(this.#lines[name]);
  }

  /** The present one works, or there is a new tree: it gets all. */
  ready(): void {
    if (this.#lines.tree !== '') this.#present?.tell(Object.values(this.#lines).join(''));
  }

  /** It knows all that it got. Only now the one before is ended, as until then that might still have done the work. */
  answered(guard: GuardProcess): void {
    if (guard !== this.#present || this.#lines.tree === '') return;
    const previous = this.#previous;
    this.#previous = null;
    previous?.guard.destroy();
    if (previous !== null) this.#options.onReplaced(previous.whatItDid);
    if (!this.#isArmed) this.#options.onArmed();
    this.#isArmed = true;
  }

  killed(): void {
    this.#end(this.#options.onKilled);
  }

  /** It is dead, silent or unfit. */
  failed(guard: GuardProcess, whatItDid: string): void {
    if (guard !== this.#present) return;
    // One that never answered is no better replaced: whatever prevents it will prevent the next one too.
    if (!guard.hasAnswered) {
      const message = `the guard, run by ${shellName(this.#options.shell)}, ${whatItDid}`;
      return this.#end(() => this.#options.onLost(message));
    }
    // Dead just after its deadline: its last word may not have come through.
    if (bootNowMs() >= this.#killAtMs) return this.killed();
    // One that fails in the middle of a replacement is not the one that still knows all.
    if (this.#previous === null) this.#previous = { guard, whatItDid };
    else guard.destroy();
    this.#present = new GuardProcess(this, this.#options, this.#options.timeoutMs);
  }

  #end(then: () => void): void {
    if (this.#present === null) return;
    this.#present.destroy();
    this.#previous?.guard.destroy();
    this.#present = null;
    this.#previous = null;
    then();
  }
}

class GuardProcess {
  readonly #keeper: Guard;
  readonly #process: ChildProcess;
  readonly #answerMs: number;
  readonly #firstAnswerMs: number;
  /** The first says that the whole of it works: before that it gets nothing. */
  #answers = 0;
  #expected = 1;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(keeper: Guard, options: GuardOptions, firstAnswerMs: number) {
    this.#keeper = keeper;
    this.#answerMs = options.timeoutMs;
    this.#firstAnswerMs = firstAnswerMs;
    this.#process = spawnGuard(options.shell, options.environment ?? {});
    raisePriority(this.#process.pid);
    this.#process.on('error', (error) =>
      this.#fail(`could not be started: ${startFailure(error)}`),
    );
    this.#process.on('exit', (code, signal) => {
      // What the dead one leaves behind (a sleep) must not outlive it.
      if (this.#process.pid !== undefined) killGroup(this.#process.pid, 'SIGKILL');
      // Its last word may still be in the pipe.
      this.#process.on('close', () => this.#fail(`ended with ${signal ?? code ?? 'nothing'}`));
    });
    const socket = this.#socket;
    socket?.on('error', () => undefined);
    socket?.on('data', (data) => this.#heard(data.toString()));
    this.#awaitAnswer();
  }

  tell(lines: string): void {
    if (this.#answers === 0) return;
    this.#expected += lines.split('\n').length - 1;
    this.#socket?.write(lines);
    this.#awaitAnswer();
  }

  /** Ends it, stopped or not. The socket must outlive it, as its end would be the sign to kill. */
  destroy(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (this.#process.pid === undefined) return;
    this.#process.on('exit', () => this.#socket?.destroy());
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      killGroup(this.#process.pid, 'SIGKILL');
  }

  get #socket(): Socket | null {
    // Without a free descriptor (EMFILE) there is no `stdio` at all, whatever the types say.
    const stdio = this.#process.stdio as ChildProcess['stdio'] | undefined;
    return (stdio?.[3] ?? null) as Socket | null;
  }

  /** Whether it has ever answered what it got. */
  get hasAnswered(): boolean {
    return this.#answers > 1;
  }

  get #isBehind(): boolean {
    return this.#answers < this.#expected;
  }

  #heard(text: string): void {
    if (this.#isOver) return;
    this.#stopTimer();
    for (const word of text.split('\n')) {
      if (word === 'killed') return this.#keeper.killed();
      if (word.startsWith('cannot: ')) return this.#fail(word.slice('cannot: '.length));
      if (word === 'ok') this.#answers += 1;
      if (word === 'ok' && this.#answers === 1) this.#keeper.ready();
    }
    if (this.#isBehind) this.#awaitAnswer();
    else this.#keeper.answered(this);
  }

  #awaitAnswer(): void {
    const timeoutMs = this.hasAnswered ? this.#answerMs : this.#firstAnswerMs;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // If leader-run itself was stopped, the answer is in the pipe and is read before this runs. Then, or if something new
      // was sent meanwhile, the wait starts again.
      setImmediate(() => {
        if (this.#isBehind && this.#timer === undefined)
          this.#fail(`did not answer within ${timeoutMs / 1000}s`);
      });
    }, timeoutMs);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #fail(whatItDid: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopTimer();
    this.#keeper.failed(this, whatItDid);
  }
}
