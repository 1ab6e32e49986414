/**
 * The port to the command: the shipped judgement of who is a member, the shipped kill and the shipped watch over the end, on the simulated
 * processes of the machine. What the shipped supervisor does around them (when it scans, what it tells the guard) is done here.
 */
import { Descendants } from '../../src/command/tree/descendants.ts';
import { hiddenFromGuard } from '../../src/command/tree/judge-tree.ts';
import type { KnownProcesses, ProcessRow } from '../../src/process/process-table.ts';
import type { TreeRoot } from '../../src/command/tree/process-tree.ts';
import { Tree } from '../../src/command/tree/process-tree.ts';
import type { StartOptions } from '../../src/command/supervisor.ts';
import type { PromotableSupervisor } from '../../src/command/warm-supervisor.ts';
import { TreeReaper } from '../../src/command/tree/tree-reaper.ts';
import type { CommandEvent, Ending } from '../../src/election/event.ts';
import type { Ambience } from './ambience.ts';
import type { Behaviour } from './behaviour.ts';
import { SimulatedGuard, endGuard, forkGuard } from './guard.ts';
import { type Kernel, type Task, isGone } from './kernel.ts';
import { readDescendants, subreaperOf } from './proc.ts';
import type { Sleep } from './machine.ts';
import { Oracle } from './oracle.ts';
import { type Others, createOthers } from './others.ts';
import type { SimulatedProcess } from './process.ts';
import { type Killer, SimulatedTree, type TreeObserver } from './tree.ts';

export interface SupervisorObserver extends TreeObserver {
  /** leader-run says "go", to a warm command by its promotion. */
  onStart(tree: SimulatedTree, options: StartOptions): void;
}

interface Live {
  readonly root: TreeRoot;
  readonly tree: Tree;
  readonly reaper: TreeReaper;
}

/** As in the shipped supervisor. */
const scanEveryMs = 200;
/** The release comes first. */
const disarmAfterMs = 50;
/** What outlives its lease is ended by someone some time. */
const cleanedUpAfterMs = 90_000;
/** What a scan may come later than that where nothing is held up. */
const scanLatenessMs = 20;

export class SimulatedSupervisor implements PromotableSupervisor {
  readonly #process: SimulatedProcess;
  readonly #ambience: Ambience;
  readonly #observer: SupervisorObserver;
  readonly #onEvent: (event: CommandEvent) => void;
  readonly #behaviour: Behaviour;
  readonly #kernel: Kernel;
  /** leader-run as a process of the kernel. */
  readonly #self: Task;
  /** The children that Node has started, and whose exit it has not yet told. */
  readonly #started = new Set<Task>();
  readonly #markers: { readonly tree: string; readonly helper: string };
  readonly #others: Others;
  readonly #oracle: Oracle;
  #descendants: Descendants | null = null;
  #tree: SimulatedTree | null = null;
  #guard: SimulatedGuard | null = null;
  #guardTask: Task | null = null;
  #live: Live | null = null;
  #isOver = false;
  /** leader-run was told that its command has started. */
  #hasToldStart = false;
  #isGuardLost = false;
  #guardKillsAtMs = Infinity;
  #guardSleep: Sleep | null = null;
  #hasHeardOfCommand = true;
  #isScanPlanned = false;
  /** True time. */
  #scannedAtMs = 0;
  readonly #undecided = new WeakSet<Task>();

  constructor(
    process: SimulatedProcess,
    ambience: Ambience,
    behaviour: Behaviour,
    observer: SupervisorObserver,
    onEvent: (event: CommandEvent) => void,
  ) {
    this.#process = process;
    this.#ambience = ambience;
    this.#behaviour = behaviour;
    this.#observer = observer;
    this.#onEvent = onEvent;
    const { machine, world, name } = process;
    this.#kernel = machine.kernel;
    this.#markers = { tree: `TREE_${name}_`, helper: `HELPER_${name}_` };
    this.#self = this.#kernel.fork(this.#kernel.init);
    this.#self.reaps = false;
    this.#self.onChildExit = () => this.#hearOfChild();
    this.#oracle = new Oracle(this.#self.pid, this.#markers);
    this.#others = createOthers({
      world,
      machine,
      self: this.#self,
      name,
      marker: this.#markers.helper,
      started: this.#started,
      isDecided: (task) => this.#oracle.isDecided(task),
    });
    process.onDeath(() => this.#onProcessDeath());
  }

  prepare(): void {
    const { machine, world } = this.#process;
    this.#process.act(() => {
      this.#self.isSubreaper = true;
      for (const task of this.#self.children) this.#oracle.decide(task);
      this.#descendants = new Descendants({
        subreaper: subreaperOf(this.#kernel, this.#self, {
          started: this.#started,
          read: (known) => this.#read(known),
        }),
        markers: this.#markers,
      });
      machine.sleep(world.random.logBetween(2, 200), () => {
        if (this.#isGuardLost || !this.#process.isAlive || this.#isOver) return;
        this.#startHelpers();
        this.#report({ id: 'ready' });
      });
    });
  }

  start(options: StartOptions): void {
    const { machine, world } = this.#process;
    const tree = this.#tree;
    const descendants = this.#descendants;
    if (tree === null || descendants === null) throw new Error('Cannot start: not ready');
    // To a warm command "go" is only that it may begin to wait.
    tree.isStarted = options.notAfterMs < Infinity;
    if (tree.isStarted) this.#observer.onStart(tree, options);
    this.#guardKillsAtMs = options.killAtMs;
    this.#process.act(() => {
      this.#setGuard();
      this.#goLive(tree, descendants);
      machine.sleep(world.random.logBetween(0.1, this.#ambience.longestStartMs), () =>
        tree.passGate(options.notAfterMs),
      );
      this.#process.post(() => this.#tellStart(tree.pid));
    });
  }

  extend(killAtMs: number): void {
    if (this.#live === null || this.#isOver) return;
    this.#process.act(() => {
      const wasSet = this.#guardKillsAtMs < Infinity;
      this.#guardKillsAtMs = wasSet ? Math.max(this.#guardKillsAtMs, killAtMs) : killAtMs;
      if (!wasSet) this.#setGuard();
    });
    if (this.#process.world.random.chance(this.#ambience.guardLost)) this.loseGuard();
  }

  promote(line: string): void {
    const tree = this.#tree;
    if (tree === null || this.#live === null || this.#isOver) return;
    const pairs = line.split(' ').map((word) => word.split('=') as [string, string]);
    const environment = Object.fromEntries(pairs);
    // What the guard knows is judged when the line is written: leader-run may be held up right before that.
    this.#observer.onStart(tree, { environment, notAfterMs: -Infinity, killAtMs: -Infinity });
    this.#process.act(() => {
      const { world, name } = this.#process;
      if (this.#guardKillsAtMs === Infinity)
        world.break(
          'guard first',
          `${name} promotes its command before the guard knows a deadline`,
        );
      tree.promote();
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.act(() => this.#tree?.signal(signal));
  }

  signalTree(signal: NodeJS.Signals): void {
    this.#process.act(() => {
      if (this.#live?.reaper.isOver === false) this.#live.tree.signal(signal);
    });
  }

  kill(): void {
    this.#process.act(() => {
      this.#live?.reaper.kill();
      // The next scan would say so, 0.2 s later.
      const unkilled = new Set(this.#tree?.unkilled);
      this.#excuseTheUndecided((task) => !unkilled.has(task));
    });
  }

  cancel(): void {
    if (this.#isOver) return this.#process.act(() => this.#disarm());
    this.#process.act(() => {
      this.#process.machine.sleep(this.#process.world.random.between(0.5, 5), () => {
        if (!this.#process.isAlive) return;
        this.#isOver = true;
        this.#tree?.dismiss();
        this.#disarm();
        this.#report({ id: 'gone' });
      });
    });
  }

  /** SIGKILL of the guard: it is replaced, or that fails too. */
  loseGuard(): void {
    const { world, machine } = this.#process;
    if (this.#isGuardLost || this.#isOver || !this.#process.isAlive) return;
    const guardTask = this.#guardTask;
    // Its sleeper becomes an orphan.
    if (guardTask !== null) this.#kernel.exit(guardTask);
    this.#guardTask = null;
    if (world.random.chance(0.6)) {
      if (guardTask !== null) this.#forkGuard();
      return world.count('fault: guard died and was replaced');
    }
    world.count('fault: guard died and could not be replaced');
    world.tell(this.#process.name, () => 'loses its guard');
    this.#isGuardLost = true;
    if (this.#tree !== null) this.#tree.isUnguarded = true;
    machine.wakeNever(this.#guardSleep);
    // leader-run hears of it in a turn of its own: what it was doing meanwhile, "go" perhaps, comes first.
    this.#process.post(() => this.#guardLost());
  }

  #guardLost(): void {
    if (this.#isOver) return;
    const message = 'fork failed';
    if (this.#live !== null) return this.#tell({ id: 'unguarded', message });
    // Before "go" there is nothing yet that could be unguarded.
    this.#tree?.dismiss();
    this.#tell({ id: 'failed', message });
  }

  #startHelpers(): void {
    const { machine, world, name } = this.#process;
    this.#tree = new SimulatedTree(
      world,
      machine,
      name,
      this.#behaviour,
      this.#ambience.longestKillMs,
      this.#observer,
      { parent: this.#self, marker: this.#markers.tree },
    );
    this.#started.add(this.#tree.root);
    this.#guard = new SimulatedGuard(this.#tree, this.#markers.tree);
    this.#forkGuard();
  }

  #forkGuard(): void {
    this.#guardTask = forkGuard(this.#kernel, this.#self, this.#markers.helper);
    this.#started.add(this.#guardTask);
  }

  #goLive(simulated: SimulatedTree, descendants: Descendants): void {
    const { root } = simulated;
    const treeRoot: TreeRoot = {
      pid: root.pid,
      startTicks: root.startTicks,
      hasOwnGroup: this.#behaviour.hasOwnGroup,
      marker: this.#markers.tree,
    };
    this.#oracle.decide(root);
    const kill = (pid: number, signal: NodeJS.Signals) =>
      this.#kernel.kill(pid, signal, 'leader-run' satisfies Killer);
    const tree = new Tree(treeRoot, descendants.findOf(treeRoot), {
      killProcess: kill,
      killGroup: (group, signal) => kill(-group, signal),
    });
    const reaper = new TreeReaper({
      tree,
      onGone: () => this.#gone(),
      onLingering: (members) =>
        this.#tell({ id: 'lingering', pids: members.map(({ pid }) => pid) }),
      clock: {
        nowMs: () => this.#process.machine.monotonicMs(),
        setTimer: (delayMs, callback) => this.#process.setTimer(delayMs, callback),
      },
    });
    this.#live = { root: treeRoot, tree, reaper };
    this.#scannedAtMs = this.#process.world.nowMs;
    this.#kernel.watchers.add(this.#planScan);
  }

  /** During a scan others go on. */
  #read(known: KnownProcesses) {
    const { processRandom } = this.#process.machine;
    this.#process.world.count('scans');
    const betweenScans = () => {
      if (processRandom.chance(0.3)) this.#tree?.hastenAnExit();
    };
    const rows = readDescendants(this.#kernel, this.#self, known, betweenScans);
    const started = new Set([...this.#started].map(({ pid }) => pid));
    this.#oracle.see(rows, started, (pid) => this.#kernel.find(pid)?.environment ?? null);
    this.#noteTheUndecided();
    return rows;
  }

  /** The shipped timer comes every 200 ms; here only if there is something that it would not find as it was. */
  readonly #planScan = (): void => {
    if (this.#isScanPlanned || this.#live === null) return;
    this.#isScanPlanned = true;
    const { machine, world } = this.#process;
    const elapsedMs = (world.nowMs - this.#scannedAtMs) % scanEveryMs;
    machine.sleep(scanEveryMs - elapsedMs, () => this.#process.post(() => this.#scan()));
  };

  #scan(): void {
    this.#isScanPlanned = false;
    if (this.#live === null || this.#isOver) return;
    const { tree, root } = this.#live;
    const { nowMs } = this.#process.world;
    if (this.#descendants?.mayHaveOutsiders() === false) {
      this.#process.act(() => (this.#scannedAtMs = nowMs));
      return;
    }
    const members = tree.members();
    this.#isScanPlanned = false;
    const hidden = hiddenFromGuard(members, root);
    if (hidden.length > 0) this.#process.world.count('scans that told the guard of members');
    this.#process.act(() => {
      this.#guard?.include(hidden);
      this.#scannedAtMs = nowMs;
    });
    this.#excuseTheUndecided(isAmong(members));
  }

  /** SIGCHLD: heard of once, however many have ended. */
  #hearOfChild(): void {
    if (!this.#hasHeardOfCommand) return;
    this.#hasHeardOfCommand = false;
    const { machine } = this.#process;
    machine.sleep(machine.processRandom.between(0.5, 3), () =>
      this.#process.post(() => {
        this.#hasHeardOfCommand = true;
        const isNodeFirst = machine.processRandom.chance(0.5);
        if (isNodeFirst) this.#waitForStarted();
        if (this.#live !== null && !this.#isOver) this.#live.reaper.childExited();
        else this.#descendants?.reap();
        if (!isNodeFirst) this.#waitForStarted();
      }),
    );
  }

  /** Node's own children. */
  #waitForStarted(): void {
    for (const task of [...this.#started]) {
      if (!isGone(task)) continue;
      this.#kernel.reap(task);
      this.#started.delete(task);
      const tree = this.#tree;
      if (tree === null || task !== tree.root || tree.ending === null || this.#isOver) continue;
      if (tree.isRefused) this.#refused();
      else this.#ended(tree.pid, tree.ending);
    }
  }

  /** As the gate's: the end of the command is never told before its start. */
  #tellStart(pid: number): void {
    if (this.#hasToldStart) return;
    this.#hasToldStart = true;
    this.#tell({ id: 'started', pid });
  }

  #refused(): void {
    this.#live?.reaper.commandRefused(() => this.#tell({ id: 'too-late' }));
  }

  #ended(pid: number, ending: Ending): void {
    // Before "go" another gate takes its place, which is not simulated.
    if (this.#live === null) return;
    this.#tellStart(pid);
    this.#live.reaper.commandEnded((left) => {
      if (left !== null) this.#excuseTheUndecided(isAmong(left));
      this.#tell({ id: 'ended', ending });
      const processes = (left ?? []).map(({ pid, name }) => ({ pid, name }));
      if (processes.length > 0) this.#tell({ id: 'left-behind', processes, ranForMs: 0 });
    });
  }

  #gone(): void {
    this.#excuseTheUndecided(() => false);
    this.#isOver = true;
    this.#kernel.watchers.delete(this.#planScan);
    this.#tell({ id: 'gone' });
    this.#process.machine.sleep(disarmAfterMs, () => this.#process.act(() => this.#disarm()));
  }

  /** The guard sleeps until the deadline that it knows, on the clock that stands still in suspend; its steps are of 10 ms. */
  #setGuard(): void {
    const { machine, world } = this.#process;
    if (this.#isGuardLost || this.#isOver || this.#tree?.state === 'dead') return;
    const wakesAtMs = this.#guardKillsAtMs - 10;
    if (wakesAtMs === Infinity) return;
    const leftMs = wakesAtMs - machine.bootMs();
    this.#guardSleep = machine.sleep(Math.max(leftMs, 0) + world.random.between(0, 9), () => {
      // What has come down the pipe meanwhile is read first.
      if (machine.bootMs() < this.#guardKillsAtMs - 10) this.#setGuard();
      else this.#strike('guard at its deadline');
    });
  }

  #onProcessDeath(): void {
    const { machine, world } = this.#process;
    const tree = this.#tree;
    this.#kernel.watchers.delete(this.#planScan);
    this.#others.onProcessDeath();
    this.#kernel.exit(this.#self);
    if (tree === null || tree.state === 'dead') return this.#disarm();
    if (this.#isGuardLost) {
      this.#excuse('guard and leader-run were both killed');
      // The gate's pipe has ended.
      return tree.dismiss();
    }
    machine.whenAwake(() => {
      machine.sleep(world.random.between(0.2, 4), () => {
        this.#strike('guard after the death of leader-run');
        this.#disarm();
      });
    });
  }

  #disarm(): void {
    this.#process.machine.wakeNever(this.#guardSleep);
    if (this.#guardTask !== null) endGuard(this.#kernel, this.#guardTask);
    this.#guardTask = null;
  }

  #strike(by: Killer): void {
    this.#guard?.strike(by);
    this.#excuseTheMissed();
    // Its last word.
    this.#process.post(() => this.#live?.reaper.kill());
  }

  /** What the docs leave open: who left the guard's view after leader-run's last scan. */
  #excuseTheMissed(): void {
    const tree = this.#tree;
    const { world, machine, responsiveSinceMs, isAlive } = this.#process;
    const isResponsive = isAlive ? this.#process.isResponsive : this.#process.wasResponsive;
    const lookedUntilMs = this.#process.diedAtMs ?? world.nowMs;
    for (const task of tree?.unkilled ?? []) {
      const changedAtMs = tree?.changedAtMs(task) ?? 0;
      if (this.#scannedAtMs > changedAtMs) continue;
      const sinceMs = Math.max(changedAtMs, responsiveSinceMs, machine.awakeSinceMs);
      const isDue = isResponsive && lookedUntilMs > sinceMs + scanEveryMs + scanLatenessMs;
      if (isDue) continue;
      const when =
        sinceMs === changedAtMs && isResponsive
          ? 'in the last 0.2 s before leader-run was killed'
          : 'while leader-run was held up';
      this.#excuse(`a process daemonised and cleared its environment ${when}`);
    }
  }

  /** What the docs leave open: whether an orphan is the command's or an older child's. */
  #excuseTheUndecided(isMember: (task: Task) => boolean): void {
    this.#noteTheUndecided();
    for (const task of this.#tree?.living ?? []) {
      if (isMember(task) || isGone(task) || !this.#undecided.has(task)) continue;
      this.#excuse('a process daemonised and cleared its environment beside an older child');
    }
  }

  /** What leader-run makes of one that it sees beside an older child it keeps to, though that one ends. */
  #noteTheUndecided(): void {
    if (!this.#others.hasOlder) return;
    for (const task of this.#tree?.living ?? [])
      if (!this.#oracle.isDecided(task)) this.#undecided.add(task);
  }

  #excuse(why: string): void {
    if (this.#tree?.excuse !== null) return;
    const tree = this.#tree;
    tree.excuse = why;
    this.#process.machine.sleep(cleanedUpAfterMs, () => {
      for (const task of [...tree.living]) this.#kernel.exit(task);
    });
    this.#process.world.count(`excused: ${why}`);
    this.#process.world.tell(this.#process.name, () => why);
  }

  #tell(event: CommandEvent): void {
    const { world, name } = this.#process;
    world.tell(name, () => `hears of its command: ${JSON.stringify(event)}`);
    this.#onEvent(event);
  }

  /** From outside of leader-run's turns. */
  #report(event: CommandEvent): void {
    this.#process.post(() => this.#tell(event));
  }
}

function isAmong(members: readonly ProcessRow[]): (task: Task) => boolean {
  return (task) => members.some(({ pid }) => pid === task.pid);
}
