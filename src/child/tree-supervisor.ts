/**
 * Supervises the command: gate and guard made ready while standby, "go" in one synchronous stroke, signals to the command,
 * SIGKILL to the tree, and the word that nothing of it is left.
 *
 * Signals go to the command's process alone, as if it had been started without a wrapper and as tini does it. To its group,
 * as dumb-init does it, would be a second delivery to whoever gets it from the command anyway (a database's workers stop
 * before their master), and would end, by HUP or USR1, every helper that does not expect them. What the command leaves
 * behind is signalled as a tree, once it has ended.
 */
import { accessSync, constants } from 'node:fs';
import { onExit } from 'signal-exit';
import type { Ending, ProcessName } from '../election/event.ts';
import { hasShellClock } from './clock.ts';
import type { CommandOptions } from './gate-plan.ts';
import { createGatePlan } from './gate-plan.ts';
import type { Gate, GateEvents } from './gate.ts';
import { createGate } from './gate.ts';
import type { Guard } from './guard.ts';
import { startGuard } from './guard.ts';
import { outOfSight } from './judge-tree.ts';
import type { Markers } from './markers.ts';
import { createMarkers } from './markers.ts';
import type { ProcessRow } from './process-table.ts';
import { hasProcessTable, readProcess } from './process-table.ts';
import type { Tree, TreeRoot } from './process-tree.ts';
import { createTree } from './process-tree.ts';
import { becomeSubreaper } from './subreaper.ts';
import type { StartOptions, Supervisor, SupervisorNews } from './supervisor.ts';
import { suspendAlongWith } from './suspend.ts';
import type { TreeFinder } from './tree-finder.ts';
import { createTreeFinder } from './tree-finder.ts';
import type { TreeReaper } from './tree-reaper.ts';
import { createTreeReaper } from './tree-reaper.ts';

export interface SupervisorOptions extends CommandOptions {
  readonly hasTerminal: boolean;
  /** Of the command's tree, and of helpers that others start too. */
  readonly markers?: Markers;
  /** Where it says null, leader-run is not a subreaper. */
  readonly becomeSubreaper?: typeof becomeSubreaper;
  readonly onNews: (news: SupervisorNews) => void;
  /** Something that weakens the promises, or did for a moment. */
  readonly onWarning: (message: string) => void;
  /** How long the guard may take to answer before it is replaced. */
  readonly guardTimeoutMs?: number;
  readonly shell?: string;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  return new TreeSupervisor(options);
}

/** Renewals come every two seconds by default; a guard that answers none of them in this time is replaced. */
const defaultGuardTimeoutMs = 2_000;

/**
 * So often the tree is scanned for members that the guard has to be told of: at first sooner, because a daemon goes to the background
 * when it is started, and less often if a scan takes long.
 */
const scanEveryMs = 200;
const firstScanMs = 25;
const largestScanShare = 0.05;

/** From the end of the tree: a release has been answered by then, most of the time. */
const disarmAfterMs = 50;

type Phase =
  /** Not all is there that {@link Supervisor.start} needs; also when the gate is lost later on. */
  | { readonly id: 'preparing'; readonly start: StartOptions | null }
  | { readonly id: 'ready' }
  | {
      readonly id: 'live';
      readonly root: TreeRoot;
      readonly tree: Tree;
      readonly reaper: TreeReaper;
      readonly forgetExit: () => void;
      readonly startedAtMs: number;
    }
  | { readonly id: 'dismissed' }
  /** Nothing was started, and that nothing is left is said when asked for. */
  | { readonly id: 'failed' }
  | { readonly id: 'over' };

class TreeSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #markers: Markers;
  readonly #shell: string;
  #gate: Gate | null = null;
  readonly #missing = new Set<'gate' | 'guard'>(['gate', 'guard']);
  #finder: TreeFinder | null = null;
  #guard: Guard | null = null;
  #phase: Phase = { id: 'preparing', start: null };
  #hasSaidReady = false;
  #suspension: { close(): void } | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#markers = options.markers ?? createMarkers();
    this.#shell = options.shell ?? '/bin/sh';
  }

  prepare(): void {
    if (!isExecutable(this.#shell)) {
      const message = `there is no ${this.#shell}, which keeps the command from outliving its lease`;
      return queueMicrotask(() => this.#failed(message));
    }
    const { onWarning } = this.#options;
    createTreeFinder(
      this.#markers,
      this.#options.becomeSubreaper ?? becomeSubreaper,
      onWarning,
    ).then(
      (finder) => this.#prepare(finder),
      (error: unknown) => this.#failed(String(error)),
    );
  }

  #prepare(finder: TreeFinder): void {
    if (this.#phase.id !== 'preparing') return;
    this.#finder = finder;
    process.on('SIGCHLD', this.#onChildExit);
    const { onWarning, guardTimeoutMs, hasTerminal } = this.#options;
    this.#gate = createGate({
      shell: this.#shell,
      plan: createGatePlan(this.#shell, this.#markers.tree, this.#options),
      hasOwnGroup: !hasTerminal,
      events: this.#gateEvents(),
    });
    this.#gate.prepare();
    if (hasProcessTable() && !hasShellClock)
      onWarning('There is no /proc/uptime: if leader-run is stopped, its command runs on');
    this.#guard = startGuard({
      shell: this.#shell,
      environment: { [this.#markers.helper]: '' },
      timeoutMs: guardTimeoutMs ?? defaultGuardTimeoutMs,
      onArmed: () => this.#found('guard'),
      onReplaced: (whatItDid) => onWarning(`Replaced the guard as it ${whatItDid}`),
      onKilled: () => this.kill(),
      onLost: (message) => this.#guardLost(message),
    });
  }

  start(options: StartOptions): void {
    if (this.#phase.id === 'preparing' && this.#hasSaidReady) {
      this.#phase = { id: 'preparing', start: options };
    } else if (this.#phase.id === 'ready') {
      this.#go(options);
    } else {
      throw new Error(`Cannot start command as supervisor is ${this.#phase.id}`);
    }
  }

  extend(killAtMs: number): void {
    if (this.#phase.id === 'live') this.#guard?.extend(killAtMs);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#phase.id === 'live') this.#gate?.signal(signal);
  }

  signalTree(signal: NodeJS.Signals): void {
    if (this.#phase.id === 'live' && !this.#phase.reaper.isOver) this.#phase.tree.signal(signal);
  }

  kill(): void {
    if (this.#phase.id !== 'live') return this.dismiss();
    this.#suspension?.close();
    this.#phase.reaper.kill();
  }

  dismiss(): void {
    switch (this.#phase.id) {
      case 'preparing':
      case 'ready':
        this.#phase = { id: 'dismissed' };
        if (this.#gate !== null) this.#gate.dismiss();
        else queueMicrotask(() => this.#gone());
        return;
      case 'failed':
        this.#phase = { id: 'over' };
        return queueMicrotask(() => this.#say({ id: 'gone' }));
      case 'live':
      case 'dismissed':
      case 'over':
        return;
    }
  }

  #gateEvents(): GateEvents {
    return {
      onWaiting: (pid) => {
        this.#missing.add('guard');
        this.#guard?.arm(this.#rootOf(pid));
        this.#found('gate');
      },
      onLost: () => this.#lost(),
      onFailed: (message) => this.#failed(message),
      onStarted: (pid) => this.#started(pid),
      // The reaper has to know it: it may be killing already.
      onRefused: () => this.#endedWith(() => this.#say({ id: 'refused' })),
      onEnded: (ending) => this.#ended(ending),
      onDismissed: () => this.#gone(),
    };
  }

  #found(what: 'gate' | 'guard'): void {
    this.#missing.delete(what);
    if (this.#phase.id !== 'preparing' || this.#missing.size > 0) return;
    const { start } = this.#phase;
    this.#phase = { id: 'ready' };
    if (!this.#hasSaidReady) this.#say({ id: 'ready' });
    this.#hasSaidReady = true;
    if (start !== null) this.#go(start);
  }

  /** The gate was lost while it waited; another one is under way. */
  #lost(): void {
    this.#missing.add('gate');
    if (this.#phase.id === 'ready') this.#phase = { id: 'preparing', start: null };
  }

  #go(options: StartOptions): void {
    if (this.#gate === null || this.#finder === null)
      throw new Error('Cannot start command as nothing was prepared');
    // The guard first: should we be stopped between the two, it knows when to strike.
    this.#guard?.extend(options.killAtMs);
    const root = this.#rootOf(this.#gate.go(options));
    const tree = createTree(root, this.#finder.findOf(root));
    const reaper = createTreeReaper({
      tree,
      onGone: () => this.#gone(),
      onLingering: (members) =>
        this.#say({ id: 'lingering', pids: namesOf(members).map(({ pid }) => pid) }),
    });
    // The last thing this process does, should it end before its tree.
    const forgetExit = onExit(() => void tree.kill(), { alwaysLast: true });
    this.#phase = { id: 'live', root, tree, reaper, forgetExit, startedAtMs: performance.now() };
    if (this.#finder.isExact) this.#scanLater(firstScanMs);
  }

  readonly #onChildExit = (): void => {
    if (this.#phase.id === 'live') this.#phase.reaper.childExited();
    else this.#finder?.reap();
  };

  /** Tells the guard of daemons. Also reaps the orphans that have ended. */
  #scanLater(afterMs: number): void {
    const scan = (): void => {
      if (this.#phase.id !== 'live') return;
      const beforeMs = performance.now();
      if (this.#finder?.mayHaveAdopted() === true) this.#tellGuard(this.#phase.tree.members());
      const tookMs = performance.now() - beforeMs;
      const nextMs = Math.min(2 * afterMs, scanEveryMs);
      this.#scanLater(Math.max(nextMs, tookMs / largestScanShare));
    };
    setTimeout(scan, afterMs).unref();
  }

  #tellGuard(members: readonly ProcessRow[]): void {
    if (this.#phase.id !== 'live' || this.#finder?.isExact !== true) return;
    const { root } = this.#phase;
    const hasGroup = members.some(({ group }) => group === root.pid);
    this.#guard?.include(outOfSight(members, root), hasGroup);
  }

  #rootOf(pid: number): TreeRoot {
    const startTicks = hasProcessTable() ? (readProcess(pid)?.startTicks ?? 0) : null;
    return { pid, startTicks, hasOwnGroup: !this.#options.hasTerminal, marker: this.#markers.tree };
  }

  #started(pid: number): void {
    this.#say({ id: 'started', pid });
    if (this.#options.hasTerminal) this.#suspension = suspendAlongWith(pid);
  }

  #ended(ending: Ending): void {
    this.#suspension?.close();
    const ranForMs = this.#phase.id === 'live' ? performance.now() - this.#phase.startedAtMs : 0;
    this.#endedWith((left) => {
      this.#tellGuard(left);
      this.#say({ id: 'ended', ending });
      const processes = namesOf(left);
      if (left.length > 0) this.#say({ id: 'left-behind', processes, ranForMs });
    });
  }

  #endedWith(announce: (left: readonly ProcessRow[]) => void): void {
    if (this.#phase.id === 'live') return this.#phase.reaper.commandEnded(announce);
    announce([]);
    this.#gone();
  }

  #gone(): void {
    // After a failure it may have been said already.
    if (this.#phase.id === 'over') return;
    if (this.#phase.id === 'live') this.#phase.forgetExit();
    this.#phase = { id: 'over' };
    process.off('SIGCHLD', this.#onChildExit);
    this.#say({ id: 'gone' });
    // The release comes first, as the next leader waits for it. The guard has nobody left to kill.
    const disarm = () => this.#guard?.disarm();
    setTimeout(disarm, disarmAfterMs).unref();
    onExit(disarm);
  }

  #failed(message: string): void {
    if (['over', 'failed', 'dismissed'].includes(this.#phase.id)) return;
    this.#guard?.disarm();
    process.off('SIGCHLD', this.#onChildExit);
    this.#phase = { id: 'failed' };
    this.#say({ id: 'failed', message });
  }

  #guardLost(message: string): void {
    switch (this.#phase.id) {
      case 'preparing':
      case 'ready':
        this.#gate?.dismiss();
        return this.#failed(message);
      case 'live':
        return this.#say({ id: 'unguarded', message });
      case 'dismissed':
      case 'failed':
      case 'over':
        return;
    }
  }

  #say(news: SupervisorNews): void {
    this.#options.onNews(news);
  }
}

/** A group stands for the process that leads it. */
function namesOf(members: readonly ProcessRow[]): ProcessName[] {
  return members.map(({ pid, name }) => ({
    pid: Math.abs(pid),
    name: Buffer.from(name, 'latin1').toString(),
  }));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
