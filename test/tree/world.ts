/** Leader-run, its command, a helper and an older child as processes of a simulated kernel, for random scripts. */
import fc from 'fast-check';
import { Descendants } from '../../src/command/tree/descendants.ts';
import { hiddenFromGuard } from '../../src/command/tree/judge-tree.ts';
import type { KnownProcesses, ProcessRow } from '../../src/process/process-table.ts';
import type { FindMembers, TreeRoot } from '../../src/command/tree/process-tree.ts';
import { type Origin, Kernel, type Task, isGone, nobody } from '../simulation/kernel.ts';
import { readAll, readDescendants, subreaperOf } from '../simulation/proc.ts';
import { Oracle } from '../simulation/oracle.ts';

export const markers = { tree: 'TREE', helper: 'HELPER' };

/** `who`: one of the living processes, `deed`: what it does. */
export type Step =
  | { readonly id: 'scan' }
  | { readonly id: 'plugin' }
  | { readonly id: 'deed'; readonly who: number; readonly deed: Deed; readonly isTorn: boolean };

type Deed =
  | 'fork'
  | 'exit'
  | 'exit main thread'
  | 'start threads'
  | 'neglect'
  | 'setsid'
  | 'overwrite'
  | 'empty';

const rareDeeds: readonly Deed[] = [
  'exit main thread',
  'exit main thread',
  'start threads',
  'neglect',
  'setsid',
  'setsid',
  'setsid',
  'overwrite',
  'empty',
];

/** How often they scan, against twelve deeds, and how often one that is not fork or exit is among those. */
function stepWith(weights: { readonly scans: number; readonly rareDeeds: number }) {
  const deed = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Deed>('fork') },
    { weight: 5, arbitrary: fc.constant<Deed>('exit') },
    { weight: weights.rareDeeds, arbitrary: fc.constantFrom(...rareDeeds) },
  );
  return fc.oneof(
    { weight: weights.scans, arbitrary: fc.constant<Step>({ id: 'scan' }) },
    { weight: 1, arbitrary: fc.constant<Step>({ id: 'plugin' }) },
    {
      weight: 12,
      // The torn ones happen in the middle of the next scan.
      arbitrary: fc.record({
        id: fc.constant('deed' as const),
        who: fc.nat(1_000),
        deed,
        isTorn: fc.boolean(),
      }),
    },
  );
}

export const steps = fc.array(stepWith({ scans: 3, rareDeeds: 1 }), {
  minLength: 1,
  maxLength: 80,
});
/** So many that there are daemons of all kinds, and pids that are used again. */
export const manySteps = fc.array(stepWith({ scans: 1, rareDeeds: 4 }), {
  minLength: 30,
  maxLength: 150,
  size: 'max',
});

/** What happens in the middle of a scan it need not show. */
export function untorn(step: Step): Step {
  return step.id === 'deed' ? { ...step, isTorn: false } : step;
}

interface Verdict {
  readonly name: string;
  readonly isMember: boolean;
  /** It truly came of the command. */
  readonly isOfCommand: boolean;
  readonly isDecided: boolean;
  readonly isOrphan: boolean;
  readonly isUnmarkedBesideOlder: boolean;
}

/** What leader-run leaves behind when it is killed. */
export interface Remains {
  readonly kernel: Kernel;
  readonly root: TreeRoot;
  /** As leader-run judged last. */
  readonly members: readonly Task[];
  /** What the guard was told of, and whether of a group. */
  readonly told: readonly ProcessRow[];
  readonly hasGroup: boolean;
  /** By leader-run, since it last told the guard. */
  readonly adopted: ReadonlySet<Task>;
  /** By leader-run, to be an older child's. */
  readonly presumed: ReadonlySet<Task>;
  readonly isOfCommand: (task: Task) => boolean;
}

const origin = (): Origin => ({ ...nobody });

export class World {
  readonly #origins = { command: origin(), helper: origin(), older: origin(), nonMember: origin() };
  readonly #kernel: Kernel;
  readonly #self: Task;
  readonly #guard: Task | null;
  readonly #started = new Set<Task>();
  readonly #oracle: Oracle;
  readonly #root: TreeRoot;
  readonly #find: FindMembers;
  /** leader-run's own when it last began to read. */
  #childrenThen: ReadonlySet<Task> = new Set();
  /** Once taken for an older child's they are so for good, and so is what they start. */
  readonly #besideOlder = new Set<Task>();
  #ticks = 0;
  #torn: Step[] = [];
  /** Of the last scan. */
  verdicts: readonly Verdict[] = [];
  /** By the last scan. */
  #members: readonly ProcessRow[] = [];
  #hasLooked = false;

  constructor(hasLists: boolean, guardPid?: number) {
    // So few pids that each is used again and again.
    const pids = { firstPid: 100, pidCount: 30, skipPids: () => 0 };
    this.#kernel = new Kernel({ ...pids, ticks: () => this.#ticks });
    const { command, older, nonMember } = this.#origins;
    this.#kernel.fork(this.#kernel.init, nonMember);
    this.#self = this.#kernel.fork(this.#kernel.init, nobody);
    this.#self.reaps = false;
    const job = this.#kernel.fork(this.#self, older);
    this.#kernel.exec(job, 'job', 'PATH=/bin');
    this.#self.isSubreaper = true;
    this.#oracle = new Oracle(this.#self.pid, markers);
    this.#oracle.decide(job);
    const descendants = new Descendants({
      subreaper: subreaperOf(this.#kernel, this.#self, {
        started: this.#started,
        read: (known) => this.#read(hasLists, known),
      }),
      markers,
    });
    this.#guard = guardPid === undefined ? null : this.#startHelper(guardPid);
    const root = this.#kernel.fork(this.#self, command);
    this.#started.add(root);
    this.#kernel.setsid(root);
    this.#kernel.exec(root, 'command', markers.tree);
    const { pid, startTicks } = root;
    this.#root = { pid, startTicks, hasOwnGroup: true, marker: markers.tree };
    this.#find = descendants.findOf(this.#root);
  }

  perform(step: Step): void {
    this.#ticks += 1;
    if (step.id === 'scan') return this.#scan();
    if (step.id === 'plugin') return this.#startPlugin();
    if (step.isTorn) this.#torn.push({ ...step, isTorn: false });
    else this.#act(step.who, step.deed);
  }

  endCommand(): void {
    this.#torn = [];
    for (const task of [...this.#kernel.tasks])
      if (task.origin === this.#origins.command) this.#kernel.exit(task);
    this.#waitForStarted();
  }

  /** SIGKILL of leader-run, right after another scan; the guard knows what that one told it, or the one before. */
  endLeaderRun(isTold: boolean): Remains {
    this.#torn = [];
    const [membersThen, childrenThen] = [this.#members, this.#childrenThen];
    const hasTold = isTold || this.#hasLooked;
    this.#scan();
    const toldMembers = isTold ? this.#members : membersThen;
    const children = [...this.#self.children];
    const adopted = isTold ? [] : children.filter((child) => !childrenThen.has(child));
    this.#kernel.exit(this.#self);
    const members = this.#members.flatMap(({ pid }) => this.#kernel.find(pid) ?? []);
    return {
      kernel: this.#kernel,
      root: this.#root,
      members,
      told: hiddenFromGuard(toldMembers, this.#root),
      hasGroup: !hasTold || toldMembers.some(({ group }) => group === this.#root.pid),
      adopted: new Set(adopted),
      presumed: this.#besideOlder,
      isOfCommand: ({ origin }) => origin === this.#origins.command,
    };
  }

  #startPlugin(): void {
    if (this.#hasFreePids()) this.#startHelper();
  }

  #hasFreePids(): boolean {
    const taken = [...this.#kernel.tasks].flatMap(({ pid, group, session }) => [
      pid,
      group,
      session,
    ]);
    return new Set(taken).size < 25;
  }

  #startHelper(pid?: number): Task {
    const helper = this.#kernel.fork(this.#self, this.#origins.helper, pid);
    this.#kernel.exec(helper, 'helper', markers.helper);
    this.#started.add(helper);
    return helper;
  }

  #act(who: number, deed: Deed): void {
    const kernel = this.#kernel;
    const others = [kernel.init, this.#self, this.#guard];
    const living = [...kernel.tasks].filter((task) => !isGone(task) && !others.includes(task));
    const task = living[who % Math.max(1, living.length)];
    if (task === undefined) return;
    switch (deed) {
      case 'fork':
        if (this.#hasFreePids()) kernel.fork(task);
        return;
      case 'exit':
        return kernel.exit(task);
      case 'exit main thread':
        task.threads = 3;
        return kernel.exitMainThread(task);
      case 'start threads':
        if (!task.isZombie) task.threads = 3;
        return;
      case 'neglect':
        // It waits for its children no more.
        task.reaps = false;
        return;
      case 'setsid':
        return kernel.setsid(task);
      case 'overwrite':
        return kernel.exec(task, 'daemon', 'daemon: master');
      case 'empty':
        return kernel.exec(task, 'daemon', '');
    }
  }

  #read(hasLists: boolean, known: KnownProcesses) {
    this.#childrenThen = new Set(this.#self.children);
    const between = () => {
      const step = this.#torn.shift();
      if (step !== undefined) this.perform(step);
    };
    const rows = hasLists
      ? readDescendants(this.#kernel, this.#self, known, between)
      : readAll(this.#kernel, between);
    const started = new Set([...this.#started].map(({ pid }) => pid));
    this.#oracle.see(rows, started, (pid) => this.#kernel.find(pid)?.environment ?? null);
    return rows;
  }

  #waitForStarted(): void {
    for (const task of this.#started)
      if (isGone(task)) {
        this.#started.delete(task);
        this.#kernel.reap(task);
      }
  }

  #scan(): void {
    this.#waitForStarted();
    const { command, older } = this.#origins;
    const livesOlder = () =>
      [...this.#kernel.tasks].some((task) => task.origin === older && !isGone(task));
    const hadOlder = livesOlder();
    this.#hasLooked = true;
    this.#members = this.#find();
    const members = new Set(this.#members.map(({ pid }) => pid));
    const tasks = [...this.#kernel.tasks].filter((task) => task !== this.#self && !isGone(task));
    this.#noteBesideOlder(tasks, hadOlder || livesOlder());
    this.verdicts = tasks.map((task) => ({
      name: `${task.name} ${task.pid}`,
      isMember: members.has(task.pid),
      isOfCommand: task.origin === command,
      isDecided: this.#oracle.isDecided(task),
      isOrphan: task.parent === this.#self,
      isUnmarkedBesideOlder: this.#besideOlder.has(task),
    }));
  }

  #noteBesideOlder(tasks: readonly Task[], hasOlder: boolean): void {
    const isUnmarked = (task: Task): boolean =>
      task.parent === this.#self
        ? hasOlder && task.environment !== ''
        : task.parent !== null && this.#besideOlder.has(task.parent);
    // Until none is added: a child can come before its parent.
    for (let before = -1; before < this.#besideOlder.size;) {
      before = this.#besideOlder.size;
      for (const task of tasks)
        if (!this.#oracle.isDecided(task) && isUnmarked(task)) this.#besideOlder.add(task);
    }
  }
}
