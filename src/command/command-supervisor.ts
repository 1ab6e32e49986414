/**
 * Supervises the command: gate and guard made ready while standby, "go" in one synchronous stroke, signals, SIGKILL to the tree.
 *
 * Signals go to the command's process alone, as if it had been started without a wrapper and as tini does it. To its group,
 * as dumb-init does it, would be a second delivery to whoever gets it from the command anyway (a database's workers stop
 * before their master), and would end, by HUP or USR1, every helper that does not expect them. What the command leaves
 * behind is signalled as a tree, once it has ended.
 */
import { onExit } from 'signal-exit';
import type { CommandEvent, Ending } from '../election/event.ts';
import { hasShellClock } from '../process/clock.ts';
import { isExecutable } from './gate/environment.ts';
import { createGatePlan } from './gate/gate-plan.ts';
import { Gate, type GateEvents } from './gate/gate.ts';
import { Guard } from './guard/guard.ts';
import { hiddenFromGuard } from './tree/judge-tree.ts';
import { type Markers, createMarkers } from './markers.ts';
import { type ProcessRow, hasProcessTable } from '../process/process-table.ts';
import { Tree, type TreeRoot, membersOf, namesOf, readRoot } from './tree/process-tree.ts';
import type { StartOptions } from './supervisor.ts';
import type { SupervisorOptions } from './supervisor-options.ts';
import type { PromotableSupervisor } from './warm-supervisor.ts';
import { systemShell } from '../process/start-context.ts';
import { suspendAlongWith } from '../process/suspend.ts';
import { type TreeFinder, createTreeFinder } from './tree/tree-finder.ts';
import { TreeReaper } from './tree/tree-reaper.ts';
import { oncePerTurn, scanNowAndThen } from './tree/scanning.ts';

/** Renewals come every two seconds by default; a guard that answers none of them in this time is replaced. */
const defaultGuardTimeoutMs = 2_000;

/** From the end of the tree: a release has been answered by then, most of the time. */
const disarmAfterMs = 50;

type Phase =
  /** Not all is there that {@link Supervisor.start} needs; also when the gate is lost later on. */
  | { readonly id: 'preparing'; readonly start: EarlyStart | null }
  | { readonly id: 'ready' }
  | {
      readonly id: 'live';
      readonly root: TreeRoot;
      readonly tree: Tree;
      readonly reaper: TreeReaper;
      readonly forgetExit: () => void;
      readonly startedAtMs: number;
    }
  | { readonly id: 'cancelled' }
  /** Nothing was started, and that nothing is left is said when asked for. */
  | { readonly id: 'failed' }
  | { readonly id: 'over' };

/** What was asked for while another gate was under way, signals in their order. */
interface EarlyStart {
  readonly options: StartOptions;
  readonly signals: NodeJS.Signals[];
}

export class CommandSupervisor implements PromotableSupervisor {
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
    this.#shell = options.shell ?? options.startContext.shell ?? systemShell;
  }

  prepare(): void {
    if (!isExecutable(this.#shell)) {
      const message = `there is no ${this.#shell}, which keeps the command from outliving its lease`;
      return queueMicrotask(() => this.#failed(message));
    }
    createTreeFinder(this.#markers, this.#options.onWarning, this.#options.becomeSubreaper).then(
      (finder) => this.#prepare(finder),
      (error: unknown) => this.#failed(String(error)),
    );
  }

  #prepare(finder: TreeFinder): void {
    if (this.#phase.id !== 'preparing') return;
    this.#finder = finder;
    process.on('SIGCHLD', this.#onChildExit);
    const { onWarning, guardTimeoutMs, hasTerminal, isWarm = false } = this.#options;
    const { helper } = this.#markers;
    this.#gate = new Gate({
      shell: this.#shell,
      plan: createGatePlan(this.#shell, this.#markers.tree, this.#options),
      hasOwnGroup: !hasTerminal,
      isWarm,
      events: this.#gateEvents(),
    });
    this.#gate.prepare();
    if (hasProcessTable() && !hasShellClock)
      onWarning('There is no /proc/uptime: if leader-run is stopped, the command keeps running');
    this.#guard = new Guard({
      shell: this.#shell,
      environment: { [helper]: '', ...(finder.adoptsTreeAlone && { helper }) },
      timeoutMs: guardTimeoutMs ?? defaultGuardTimeoutMs,
      onArmed: () => this.#found('guard'),
      onReplaced: (whatItDid) => onWarning(`Replaced the guard: it ${whatItDid}`, 'guard'),
      onKilled: () => this.kill(),
      onLost: (message) => this.#guardLost(message),
    });
  }

  start(options: StartOptions): void {
    if (this.#phase.id === 'preparing' && this.#hasSaidReady) {
      this.#phase = { id: 'preparing', start: { options, signals: [] } };
    } else if (this.#phase.id === 'ready') {
      this.#go(options);
    } else {
      throw new Error(`Cannot start command as supervisor is ${this.#phase.id}`);
    }
  }

  extend(killAtMs: number): void {
    if (this.#phase.id === 'live') this.#guard?.extend(killAtMs);
  }

  promote(line: string, signal: NodeJS.Signals | null): void {
    if (this.#phase.id !== 'live') return;
    this.#gate?.promote(line);
    if (signal !== null) this.#gate?.signal(signal);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#phase.id === 'live') this.#gate?.signal(signal);
    if (this.#phase.id === 'preparing') this.#phase.start?.signals.push(signal);
  }

  signalTree(signal: NodeJS.Signals): void {
    if (this.#phase.id === 'live' && !this.#phase.reaper.isOver) this.#phase.tree.signal(signal);
  }

  kill(): void {
    if (this.#phase.id !== 'live') return this.cancel();
    this.#suspension?.close();
    this.#phase.reaper.kill();
  }

  cancel(): void {
    switch (this.#phase.id) {
      case 'preparing':
      case 'ready':
        this.#phase = { id: 'cancelled' };
        if (this.#gate !== null) this.#gate.cancel();
        else queueMicrotask(() => this.#gone());
        return;
      case 'failed':
        this.#phase = { id: 'over' };
        return queueMicrotask(() => this.#say({ id: 'gone' }));
      case 'over':
        return this.#guard?.disarm();
      case 'live':
      case 'cancelled':
        return;
    }
  }

  #gateEvents(): GateEvents {
    return {
      onWaiting: (pid) => {
        this.#missing.add('guard');
        this.#guard?.arm(readRoot(pid, !this.#options.hasTerminal, this.#markers.tree));
        this.#found('gate');
      },
      onLost: () => this.#lost(),
      onFailed: (message) => this.#failed(message),
      onStarted: (pid) => this.#started(pid),
      // The reaper has to know it: it may be killing already.
      onTooLate: () => {
        if (this.#phase.id !== 'live') return;
        this.#phase.reaper.commandRefused(() => this.#say({ id: 'too-late' }));
      },
      onEnded: (ending) => this.#ended(ending),
      onCancelled: () => this.#gone(),
    };
  }

  #found(what: 'gate' | 'guard'): void {
    this.#missing.delete(what);
    if (this.#phase.id !== 'preparing' || this.#missing.size > 0) return;
    const { start } = this.#phase;
    this.#phase = { id: 'ready' };
    if (!this.#hasSaidReady) this.#say({ id: 'ready' });
    this.#hasSaidReady = true;
    if (start === null) return;
    this.#go(start.options);
    for (const signal of start.signals) this.signal(signal);
  }

  /** The gate was lost while it waited; another one is under way. */
  #lost(): void {
    this.#missing.add('gate');
    if (this.#phase.id === 'ready') this.#phase = { id: 'preparing', start: null };
  }

  #go(options: StartOptions): void {
    if (this.#gate === null || this.#finder === null)
      throw new Error('Cannot start command as nothing was prepared');
    // The guard first: should we be stopped between the two, it knows when to kill.
    this.#guard?.extend(options.killAtMs);
    const root = readRoot(this.#gate.go(options), !this.#options.hasTerminal, this.#markers.tree);
    const tree = new Tree(root, this.#finder.findOf(root));
    const reaper = new TreeReaper({
      tree,
      onGone: () => this.#gone(),
      onLingering: (members) =>
        this.#say({ id: 'lingering', pids: namesOf(members).map(({ pid }) => pid) }),
    });
    // The last thing this process does, should it end before its tree.
    const forgetExit = onExit(() => void tree.kill(), { alwaysLast: true });
    this.#phase = { id: 'live', root, tree, reaper, forgetExit, startedAtMs: performance.now() };
    if (this.#finder.isExact) scanNowAndThen(this.#scan);
  }

  readonly #onChildExit = oncePerTurn(() => {
    if (this.#phase.id !== 'live') return this.#finder?.reap();
    this.#finder?.reapExited();
    this.#phase.reaper.childExited();
  });

  /** Tells the guard of daemons. Also reaps the orphans that have ended. */
  readonly #scan = (): 'again' | 'over' => {
    if (this.#phase.id !== 'live') return 'over';
    if (this.#finder?.mayHaveOutsiders() === true) this.#tellGuard(membersOf(this.#phase.tree));
    return 'again';
  };

  #tellGuard(members: readonly ProcessRow[] | null): void {
    if (this.#phase.id !== 'live' || this.#finder?.isExact !== true || members === null) return;
    const { root } = this.#phase;
    const hasGroup = members.some(({ group }) => group === root.pid);
    this.#guard?.include(hiddenFromGuard(members, root), hasGroup);
  }

  #started(pid: number): void {
    this.#say({ id: 'started', pid });
    if (this.#options.hasTerminal) this.#suspension = suspendAlongWith(pid);
  }

  #ended(ending: Ending): void {
    this.#suspension?.close();
    if (this.#phase.id !== 'live') return;
    const { reaper, startedAtMs } = this.#phase;
    const ranForMs = performance.now() - startedAtMs;
    reaper.commandEnded((left) => {
      this.#tellGuard(left);
      this.#say({ id: 'ended', ending });
      const processes = namesOf(left ?? []);
      if (processes.length > 0) this.#say({ id: 'left-behind', processes, ranForMs });
    });
  }

  #gone(): void {
    // After a failure it may have been said already.
    if (this.#phase.id === 'over') return;
    if (this.#phase.id === 'live') this.#phase.forgetExit();
    this.#phase = { id: 'over' };
    process.off('SIGCHLD', this.#onChildExit);
    this.#say({ id: 'gone' });
    // The release comes first, as the next leader waits for it. The guard has nothing left to kill.
    const disarm = () => this.#guard?.disarm();
    const forget = onExit(disarm);
    setTimeout(() => [forget, disarm].forEach((each) => each()), disarmAfterMs).unref();
  }

  #failed(message: string): void {
    if (['over', 'failed', 'cancelled'].includes(this.#phase.id)) return;
    this.#guard?.disarm();
    process.off('SIGCHLD', this.#onChildExit);
    this.#phase = { id: 'failed' };
    this.#say({ id: 'failed', message });
  }

  #guardLost(message: string): void {
    const { id } = this.#phase;
    if (id === 'live') return this.#say({ id: 'unguarded', message });
    if (id !== 'preparing' && id !== 'ready') return;
    this.#gate?.cancel();
    this.#failed(message);
  }

  #say(event: CommandEvent): void {
    this.#options.onEvent(event);
  }
}
