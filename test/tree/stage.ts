/**
 * A story of processes: comments, commands, and below `----` what `judgeTree` says of what is there then. Playing it gives the story
 * again, with what is said now.
 *
 *     # A comment stays as it is.
 *     fork leader-run command
 *     start command
 *     fork command daemon
 *     exit command
 *     scan
 *     ----
 *     daemon 102 member
 *
 * A process is named when it is forked; `leader-run` is there from the beginning. A scan shows leader-run's descendants with their verdicts
 * in the order in which they are read, and the members that the guard gets to know.
 */
import { Descendants } from '../../src/command/tree/descendants.ts';
import { hiddenFromGuard } from '../../src/command/tree/judge-tree.ts';
import type { ProcessRow } from '../../src/process/process-table.ts';
import type { FindMembers, TreeRoot } from '../../src/command/tree/process-tree.ts';
import { Kernel, type Task, isGone, nobody } from '../simulation/kernel.ts';
import { readAll, readDescendants, subreaperOf } from '../simulation/proc.ts';

const markers = { tree: 'TREE', helper: 'HELPER' };

/** What `exec` can make of an environment. */
const environments: Readonly<Record<string, string | null>> = {
  marked: markers.tree,
  helper: markers.helper,
  overwritten: 'nginx: master process',
  empty: '',
  unreadable: null,
};

export class Stage {
  readonly #tasks = new Map<string, Task>();
  readonly #started = new Set<Task>();
  readonly #kernel: Kernel;
  readonly #self: Task;
  #ticks = 0;
  #nextPid: number | null = null;
  #hasLists = true;
  #descendants: Descendants | null = null;
  #root: TreeRoot | null = null;
  #find: FindMembers = () => [];
  #between: string[] = [];
  #lines: string[] = [];

  constructor() {
    this.#kernel = new Kernel({
      ticks: () => this.#ticks,
      firstPid: 100,
      pidCount: 900,
      skipPids: () => 0,
    });
    this.#self = this.#fork(this.#kernel.init, 'leader-run');
    this.#self.reaps = false;
  }

  /** Performs one command; the lines are what came of it. */
  perform(command: string): string[] {
    this.#lines = [];
    this.#do(command);
    return this.#lines;
  }

  #do(command: string): void {
    const [verb = '', ...words] = command.split(' ');
    const action = this.#actions[verb];
    if (action === undefined) throw new Error(`No such command: ${command}`);
    this.#ticks += 1;
    action(words);
  }

  readonly #actions: Readonly<Record<string, (words: readonly string[]) => void>> = {
    /** `fork PARENT NAME [ENVIRONMENT]` */
    fork: ([parent, name, environment]) => {
      const task = this.#fork(this.#taskOf(parent), name);
      if (environment !== undefined) this.#exec(task, environment);
    },
    /** Node starts it, and waits for it. */
    spawn: ([name, environment]) => {
      const task = this.#fork(this.#self, name);
      this.#started.add(task);
      if (environment !== undefined) this.#exec(task, environment);
    },
    exec: ([name, environment]) => this.#exec(this.#taskOf(name), environment),
    setsid: ([name]) => this.#kernel.setsid(this.#taskOf(name)),
    exit: ([name]) => this.#exit(this.#taskOf(name)),
    /** Its main thread ends, and others do not. */
    'exit-main-thread': ([name]) => {
      const task = this.#taskOf(name);
      task.threads = 3;
      this.#kernel.exitMainThread(task);
    },
    hide: ([name]) => (this.#taskOf(name).isHidden = true),
    show: ([name]) => (this.#taskOf(name).isHidden = false),
    /** A leader-run inside. */
    subreaper: ([name]) => {
      const task = this.#taskOf(name);
      task.isSubreaper = true;
      task.reaps = false;
    },
    /** It starts what follows in another pid namespace, whose init adopts the orphans: `enter NAME INIT` */
    enter: ([name, init]) => (this.#taskOf(name).namespaceInit = this.#taskOf(init)),
    /** The next process gets this one's number, or a number. */
    'next-pid': ([pid]) => (this.#nextPid = this.#tasks.get(pid ?? '')?.pid ?? Number(pid)),
    'no-children-lists': () => (this.#hasLists = false),
    /** leader-run becomes a subreaper. */
    begin: () => this.#begin(),
    /** "Go": this is the command. */
    start: ([name]) => this.#start(this.#taskOf(name)),
    scan: () => this.#scan(),
    /** In the middle of the next scan, between one process and the next, this happens; `;` between deeds. */
    meanwhile: (words) => this.#between.push(words.join(' ')),
    pass: () => undefined,
    /** SIGCHLD while there is no term. */
    reap: () => this.#descendants?.reap(),
  };

  #begin(): void {
    this.#self.isSubreaper = true;
    const betweenScans = () => {
      const next = this.#between.shift();
      for (const deed of next?.split('; ') ?? []) this.#do(deed);
    };
    this.#descendants = new Descendants({
      subreaper: subreaperOf(this.#kernel, this.#self, {
        started: this.#started,
        read: (known) =>
          this.#hasLists
            ? readDescendants(this.#kernel, this.#self, known, betweenScans)
            : readAll(this.#kernel, betweenScans),
      }),
      markers,
    });
  }

  #start(command: Task): void {
    if (this.#descendants === null) throw new Error('leader-run has not begun');
    this.#kernel.setsid(command);
    this.#exec(command, 'marked');
    const { pid, startTicks } = command;
    this.#root = { pid, startTicks, hasOwnGroup: true, marker: markers.tree };
    this.#find = this.#descendants.findOf(this.#root);
  }

  #scan(): void {
    const members = this.#find();
    const told = this.#root === null ? [] : hiddenFromGuard(members, this.#root);
    const rows = readDescendants(this.#kernel, this.#self, new Map());
    const isMember = ({ pid }: ProcessRow) => members.some((member) => member.pid === pid);
    for (const row of rows.values()) {
      const verdict = isMember(row) ? 'member' : '-';
      const toGuard = told.some(({ pid }) => pid === row.pid) ? ', told to the guard' : '';
      this.#lines.push(`${this.#nameOf(row.pid)} ${row.pid}${stateOf(row)}: ${verdict}${toGuard}`);
    }
    for (const member of members)
      if (!rows.has(member.pid))
        this.#lines.push(`${this.#nameOf(member.pid)} ${member.pid}: member, elsewhere by now`);
    if (rows.size === 0) this.#lines.push('nobody');
  }

  #fork(parent: Task, name = ''): Task {
    const before = this.#tasks.get(name);
    if (before !== undefined && !isGone(before)) throw new Error(`There is a ${name} already`);
    const task = this.#kernel.fork(parent, nobody, this.#nextPid ?? undefined);
    this.#nextPid = null;
    this.#tasks.set(name, task);
    return task;
  }

  #exec(task: Task, environment = ''): void {
    const text = environments[environment];
    if (text === undefined) throw new Error(`No such environment: ${environment}`);
    this.#kernel.exec(task, task.name, text);
  }

  #exit(task: Task): void {
    this.#kernel.exit(task);
    if (!this.#started.delete(task)) return;
    this.#kernel.reap(task);
  }

  #taskOf(name = ''): Task {
    const task = name === 'init' ? this.#kernel.init : this.#tasks.get(name);
    if (task === undefined) throw new Error(`No such process: ${name}`);
    return task;
  }

  #nameOf(pid: number): string {
    for (const [name, task] of this.#tasks) if (this.#kernel.find(pid) === task) return name;
    return 'somebody';
  }
}

function stateOf({ state }: ProcessRow): string {
  return state === 'Z' ? ' (main thread ended)' : state === '?' ? ' (hidden)' : '';
}
