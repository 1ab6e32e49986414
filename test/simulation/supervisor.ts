/** The port to the command: guard, gate and tree, as the shipped supervisor promises them. */
import type { StartOptions, Supervisor, SupervisorNews } from '../../src/child/supervisor.ts';
import type { Ambience } from './ambience.ts';
import type { Sleep } from './machine.ts';
import type { SimulatedProcess } from './process.ts';
import { type Behaviour, SimulatedTree, type TreeListener, type TreeObserver } from './tree.ts';

export interface SupervisorObserver extends TreeObserver {
  /** leader-run says "go". */
  onStart(tree: SimulatedTree, options: StartOptions): void;
}

const lingersEveryMs = 10_000;

export class SimulatedSupervisor implements Supervisor {
  readonly #process: SimulatedProcess;
  readonly #ambience: Ambience;
  readonly #observer: SupervisorObserver;
  readonly #onNews: (news: SupervisorNews) => void;
  readonly #behaviour: Behaviour;
  #tree: SimulatedTree | null = null;
  #isOver = false;
  #isGuardLost = false;
  #guardKillsAtMs = Infinity;
  #guardSleep: Sleep | null = null;

  constructor(
    process: SimulatedProcess,
    ambience: Ambience,
    behaviour: Behaviour,
    observer: SupervisorObserver,
    onNews: (news: SupervisorNews) => void,
  ) {
    this.#process = process;
    this.#ambience = ambience;
    this.#behaviour = behaviour;
    this.#observer = observer;
    this.#onNews = onNews;
    process.onDeath(() => this.#onProcessDeath());
  }

  get tree(): SimulatedTree | null {
    return this.#tree;
  }

  prepare(): void {
    const { machine, world } = this.#process;
    this.#process.act(() => {
      machine.sleep(world.random.logBetween(2, 200), () => {
        if (!this.#isGuardLost) this.#news({ id: 'ready' });
      });
    });
  }

  start(options: StartOptions): void {
    const { machine, world } = this.#process;
    const tree = new SimulatedTree(
      world,
      machine,
      this.#process.name,
      this.#behaviour,
      this.#ambience.longestKillMs,
      this.#observer,
      this.#listener(),
    );
    this.#tree = tree;
    this.#observer.onStart(tree, options);
    this.#guardKillsAtMs = options.killAtMs;
    this.#process.act(() => {
      this.#setGuard();
      machine.sleep(world.random.logBetween(0.1, this.#ambience.longestStartMs), () =>
        tree.passGate(options.notAfterMs),
      );
      this.#news({ id: 'started', pid: tree.pid });
    });
  }

  extend(killAtMs: number): void {
    if (this.#tree === null || this.#isOver) return;
    this.#process.act(() => {
      this.#guardKillsAtMs = Math.max(this.#guardKillsAtMs, killAtMs);
    });
    if (this.#process.world.random.chance(this.#ambience.guardLost)) this.loseGuard();
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.act(() => this.#tree?.signal(signal));
  }

  signalTree(): void {
    this.#process.act(() => this.#tree?.signalRest());
  }

  kill(): void {
    this.#process.act(() => {
      this.#tree?.kill('leader-run');
      this.#linger();
    });
  }

  dismiss(): void {
    this.#process.act(() => {
      this.#process.machine.sleep(this.#process.world.random.between(0.5, 5), () => this.#gone());
    });
  }

  /** SIGKILL of the guard: it is replaced, or that fails too. */
  loseGuard(): void {
    const { world, machine } = this.#process;
    if (this.#isGuardLost || this.#isOver || !this.#process.isAlive) return;
    if (world.random.chance(0.6)) return world.count('fault: guard died and was replaced');
    world.count('fault: guard died and could not be replaced');
    world.tell(this.#process.name, () => 'loses its guard');
    this.#isGuardLost = true;
    // Before "go" there is nothing yet that could be unguarded.
    if (this.#tree === null) return this.#news({ id: 'failed', message: 'fork failed' });
    this.#tree.isUnguarded = true;
    machine.wakeNever(this.#guardSleep);
    this.#news({ id: 'unguarded', message: 'fork failed' });
  }

  #listener(): TreeListener {
    const { machine, world } = this.#process;
    return {
      onStarted: () => undefined,
      onRefused: () => {
        this.#isOver = true;
        machine.wakeNever(this.#guardSleep);
        this.#news({ id: 'refused' });
        this.#news({ id: 'gone' });
      },
      onEnded: (ending) => this.#news({ id: 'ended', ending }),
      onGone: () => {
        machine.sleep(world.random.between(0.5, 3), () => this.#gone());
      },
    };
  }

  #gone(): void {
    this.#isOver = true;
    this.#process.machine.wakeNever(this.#guardSleep);
    this.#news({ id: 'gone' });
  }

  #linger(): void {
    const { machine } = this.#process;
    machine.sleep(lingersEveryMs, () => {
      if (this.#isOver || this.#tree === null || !this.#process.isAlive) return;
      this.#news({ id: 'lingering', pids: [this.#tree.pid] });
      this.#linger();
    });
  }

  /** The guard sleeps until the deadline that it knows, on the clock that stands still in suspend; its steps are of 10 ms. */
  #setGuard(): void {
    const { machine, world } = this.#process;
    if (this.#isGuardLost || this.#isOver || this.#tree?.state === 'dead') return;
    const wakesAtMs = this.#guardKillsAtMs - 10;
    const leftMs = wakesAtMs - machine.bootMs();
    this.#guardSleep = machine.sleep(Math.max(leftMs, 0) + world.random.between(0, 9), () => {
      // What has come down the pipe meanwhile is read first.
      if (machine.bootMs() < this.#guardKillsAtMs - 10) this.#setGuard();
      else this.#tree?.kill('guard at its deadline');
    });
  }

  #onProcessDeath(): void {
    const { machine, world } = this.#process;
    const tree = this.#tree;
    if (tree === null || tree.state === 'dead') return;
    if (this.#isGuardLost) {
      tree.excuse = 'guard and leader-run were both killed';
      return;
    }
    machine.whenAwake(() => {
      machine.sleep(world.random.between(0.2, 4), () => {
        tree.kill('guard after the death of leader-run');
      });
    });
  }

  #news(news: SupervisorNews): void {
    const { world, name } = this.#process;
    this.#process.post(() => {
      world.tell(name, () => `hears of its child: ${JSON.stringify(news)}`);
      this.#onNews(news);
    });
  }
}
