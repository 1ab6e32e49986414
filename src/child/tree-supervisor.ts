/**
 * Supervises the command: gate and guard made ready while standby, "go" in one synchronous stroke, signals to the command,
 * SIGKILL to the tree, and the word that nothing of it is left.
 *
 * Signals go to the command's process alone, as if it had been started without a wrapper and as tini does it. To its group,
 * as dumb-init does it, would be a second delivery to whoever gets it from the command anyway (a database's workers stop
 * before their master), and would end, by HUP or USR1, every helper that does not expect them. What the command leaves
 * behind is signalled as a tree, once it has ended.
 */
import { accessSync, constants, realpathSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { basename } from 'node:path';
import { onExit } from 'signal-exit';
import type { Ending, ProcessName } from '../election/event.ts';
import { hasShellClock } from './clock.ts';
import type { Markers } from './cookie.ts';
import { createMarkers } from './cookie.ts';
import { Descendants } from './descendants.ts';
import { createDirectLaunch } from './direct.ts';
import type { Variable } from './environment.ts';
import { inheritedVariables, survivesShell } from './environment.ts';
import type { GatePlan } from './gate-script.ts';
import { createGate } from './gate.ts';
import type { Guard } from './guard.ts';
import { startGuard } from './guard.ts';
import type { Launch, LaunchEvents } from './launch.ts';
import type { LauncherNotes } from './launcher-notes.ts';
import { outOfSight } from './judge-tree.ts';
import { findByMarks } from './marked-processes.ts';
import type { FindMembers, Tree, TreeRoot } from './process-tree.ts';
import { createTree, findByGroup } from './process-tree.ts';
import type { ProcessRow } from './process-table.ts';
import { hasProcessTable, readProcess } from './process-table.ts';
import type { StartOptions, Supervisor, SupervisorNews } from './supervisor.ts';
import { suspendAlongWith } from './suspend.ts';
import { becomeSubreaper } from './subreaper.ts';
import type { TreeReaper } from './tree-reaper.ts';
import { createTreeReaper } from './tree-reaper.ts';
import type { Bytes } from './shell-words.ts';
import { rawWords, toBytes } from './shell-words.ts';

export interface SupervisorOptions {
  readonly command: readonly string[];
  readonly notes: LauncherNotes;
  /** The variables that are leader-run's own settings: the command does not get them. */
  readonly settingNames: Iterable<string>;
  readonly hasTerminal: boolean;
  /** What the command runs under, the value of its cookie: a leader-run inside it refuses to wait for the same. */
  readonly mark?: string;
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

/** So often the tree is scanned for members that the guard has to be told of; less often if a scan takes long. */
const scanEveryMs = 200;
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
    }
  | { readonly id: 'dismissed' }
  /** Nothing was started, and that nothing is left is said when asked for. */
  | { readonly id: 'failed' }
  | { readonly id: 'over' };

class TreeSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #markers: Markers;
  readonly #hasTable = hasProcessTable();
  /** null: there is none. */
  readonly #shell: string | null;
  readonly #launch: Launch;
  readonly #missing = new Set<'launch' | 'guard'>(['launch']);
  #guard: Guard | null = null;
  /** null: leader-run is not a subreaper (yet). */
  #descendants: Descendants | null = null;
  #phase: Phase = { id: 'preparing', start: null };
  #hasSaidReady = false;
  #suspension: { close(): void } | null = null;
  #startedAtMs = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#markers = options.markers ?? createMarkers();
    this.#shell = usableShell(options.shell ?? '/bin/sh');
    this.#launch = this.#createLaunch();
  }

  prepare(): void {
    if (this.#shell !== null) this.#missing.add('guard');
    this.#becomeSubreaper().then(
      () => this.#prepareAll(),
      (error: unknown) => this.#failed(String(error)),
    );
  }

  /** Before anything of the command is there, and while the first request to the API server is under way. */
  async #becomeSubreaper(): Promise<void> {
    const become = this.#options.becomeSubreaper ?? becomeSubreaper;
    const subreaper = this.#hasTable ? await become() : null;
    if (subreaper === null) {
      this.#options.onWarning(whatMarksMiss(this.#hasTable));
      return;
    }
    this.#descendants = new Descendants({ subreaper, markers: this.#markers });
    process.on('SIGCHLD', this.#onChildExit);
  }

  #prepareAll(): void {
    if (this.#phase.id !== 'preparing') return;
    this.#launch.prepare();
    const { onWarning } = this.#options;
    if (this.#shell === null)
      return onWarning('There is no /bin/sh: if leader-run is killed, its command runs on');
    if (this.#hasTable && !hasShellClock)
      onWarning('There is no /proc/uptime: if leader-run is stopped, its command runs on');
    this.#guard = startGuard({
      shell: this.#shell,
      environment: { [this.#markers.helper]: '' },
      timeoutMs: this.#options.guardTimeoutMs ?? defaultGuardTimeoutMs,
      onArmed: () => this.#found('guard'),
      onReplaced: (whatItDid) => this.#options.onWarning(`Replaced the guard as it ${whatItDid}`),
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
    if (this.#phase.id === 'live') this.#launch.signal(signal);
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
        return this.#launch.dismiss();
      case 'failed':
        this.#phase = { id: 'over' };
        return queueMicrotask(() => this.#say({ id: 'gone' }));
      case 'live':
      case 'dismissed':
      case 'over':
        return;
    }
  }

  #createLaunch(): Launch {
    const { command, notes, settingNames, hasTerminal, onWarning } = this.#options;
    const words = rawWords(command);
    const inherited = inheritedVariables(notes.environment, settingNames);
    const variables = [
      ...inherited,
      { name: this.#markers.tree, value: toBytes(this.#options.mark ?? '') },
    ];
    const hasOwnGroup = !hasTerminal;
    const events = this.#launchEvents();
    const shell = this.#shell;
    if (shell === null)
      return createDirectLaunch({ command: words, variables, hasOwnGroup, events, onWarning });
    const plan: GatePlan = {
      command: words,
      variables,
      hasVariables: passesOn(shell, words, variables),
      softOpenFilesLimit: notes.softOpenFilesLimit,
      ignoredSignals: notes.ignoredSignals.map((signal) => osConstants.signals[signal]),
      hasClock: hasShellClock,
    };
    return createGate({ shell, plan, hasOwnGroup, events });
  }

  #launchEvents(): LaunchEvents {
    return {
      onWaiting: (pid) => this.#waiting(pid),
      onLost: () => this.#lost(),
      onFailed: (message) => this.#failed(message),
      onStarted: (pid) => this.#started(pid),
      onRefused: () => this.#endedWith(() => this.#say({ id: 'refused' })),
      onEnded: (ending) => this.#ended(ending),
      onDismissed: () => this.#gone(),
    };
  }

  #waiting(pid: number | null): void {
    if (pid !== null && this.#guard !== null) {
      this.#missing.add('guard');
      this.#guard.arm(this.#rootOf(pid));
    }
    this.#found('launch');
  }

  #found(what: 'launch' | 'guard'): void {
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
    this.#missing.add('launch');
    if (this.#phase.id === 'ready') this.#phase = { id: 'preparing', start: null };
  }

  #go(options: StartOptions): void {
    // The guard first: should we be stopped between the two, it knows when to strike.
    this.#guard?.extend(options.killAtMs);
    const pid = this.#launch.go(options);
    if (pid === null) return;
    const root = this.#rootOf(pid);
    const tree = createTree(root, this.#finderOf(root));
    const reaper = createTreeReaper({
      tree,
      onGone: () => this.#gone(),
      onLingering: (members) =>
        this.#say({ id: 'lingering', pids: namesOf(members).map(({ pid }) => pid) }),
    });
    // The last thing this process does, should it end before its tree.
    const forgetExit = onExit(() => void tree.kill(), { alwaysLast: true });
    this.#phase = { id: 'live', root, tree, reaper, forgetExit };
    if (this.#descendants !== null) this.#scanLater(scanEveryMs);
  }

  #finderOf(root: TreeRoot): FindMembers {
    if (this.#descendants !== null) return this.#descendants.findOf(root);
    return this.#hasTable ? findByMarks(root) : findByGroup(root);
  }

  readonly #onChildExit = (): void => {
    if (this.#phase.id === 'live') this.#phase.reaper.childExited();
    else this.#descendants?.reap();
  };

  /** Also reaps the orphans that have ended. */
  #scanLater(afterMs: number): void {
    const scan = (): void => {
      if (this.#phase.id !== 'live') return;
      const beforeMs = performance.now();
      const { tree, root } = this.#phase;
      this.#guard?.include(outOfSight(tree.members(), root));
      const tookMs = performance.now() - beforeMs;
      this.#scanLater(Math.max(scanEveryMs, tookMs / largestScanShare));
    };
    setTimeout(scan, afterMs).unref();
  }

  #rootOf(pid: number): TreeRoot {
    const startTicks = this.#hasTable ? (readProcess(pid)?.startTicks ?? 0) : null;
    return { pid, startTicks, hasOwnGroup: !this.#options.hasTerminal, cookie: this.#markers.tree };
  }

  #started(pid: number): void {
    this.#startedAtMs = performance.now();
    this.#say({ id: 'started', pid });
    if (this.#options.hasTerminal) this.#suspension = suspendAlongWith(pid);
  }

  #ended(ending: Ending): void {
    this.#suspension?.close();
    const ranForMs = performance.now() - this.#startedAtMs;
    this.#endedWith((left) => {
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
        this.#launch.dismiss();
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

function whatMarksMiss(hasTable: boolean): string {
  const miss = hasTable
    ? 'a daemon that leaves its group, session and parent and clears its environment is not found'
    : 'a process that leaves the process group of the command is not found';
  return `Cannot keep orphans together on this machine: ${miss}, and may run on after the release`;
}

function usableShell(path: string): string | null {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return null;
  }
}

/** These pass an environment on as they got it, or can be made to. */
const faithfulShells = ['dash', 'busybox'];

function passesOn(
  shell: string,
  command: readonly Bytes[],
  variables: readonly Variable[],
): boolean {
  return (
    faithfulShells.includes(basename(realpathSync(shell))) &&
    survivesShell(variables) &&
    // dash takes no "--" after exec.
    command[0]?.startsWith('-') !== true
  );
}
