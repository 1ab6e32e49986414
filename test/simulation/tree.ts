/** The command and everything that it starts: how it takes signals, and how long it takes to die. */
import type { Ending } from '../../src/election/event.ts';
import type { Machine } from './machine.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** How a command behaves; `null`: never. */
export interface Behaviour {
  readonly endsAfterMs: number | null;
  readonly endsAfterTermMs: number | null;
  /** Descendants that outlive the command, until they are told to end, after so long, or by themselves. */
  readonly rest: {
    readonly endsAfterTermMs: number | null;
    readonly endsAfterMs: number | null;
  } | null;
  /** How long it is in uninterruptible sleep when it is killed. */
  readonly unkillableMs: number;
}

/** Who sent the SIGKILL. */
export type Killer = 'leader-run' | 'guard at its deadline' | 'guard after the death of leader-run';

export interface TreeObserver {
  /** The command's first instruction. */
  onAlive(tree: SimulatedTree): void;
  onDead(tree: SimulatedTree): void;
  onKilled(tree: SimulatedTree): void;
  onStopSignal(tree: SimulatedTree): void;
}

/** What the supervisor hears of it, as soon as the kernel knows. */
export interface TreeListener {
  onStarted(): void;
  onRefused(): void;
  onEnded(ending: Ending): void;
  onGone(): void;
}

export class SimulatedTree {
  readonly owner: string;
  readonly machine: Machine;
  readonly pid: number;
  readonly behaviour: Behaviour;
  readonly #world: World;
  readonly #observer: TreeObserver;
  readonly #longestKillMs: number;
  listener: TreeListener;
  state: 'gate' | 'running' | 'rest' | 'dead' = 'gate';
  /** True times, ms. */
  readonly madeAtMs: number;
  aliveSinceMs: number | null = null;
  stopSignalAtMs: number | null = null;
  killedAtMs: number | null = null;
  killedBy: Killer | null = null;
  diedAtMs: number | null = null;
  isUnguarded = false;
  /** The command itself has ended. */
  hasEnded = false;
  /** It can outlive its lease for a reason that the README names. */
  excuse: string | null = null;

  constructor(
    world: World,
    machine: Machine,
    owner: string,
    behaviour: Behaviour,
    longestKillMs: number,
    observer: TreeObserver,
    listener: TreeListener,
  ) {
    this.#world = world;
    this.madeAtMs = world.nowMs;
    this.machine = machine;
    this.owner = owner;
    this.behaviour = behaviour;
    this.#longestKillMs = longestKillMs;
    this.#observer = observer;
    this.listener = listener;
    this.pid = 1_000 + world.random.below(30_000);
  }

  get isAlive(): boolean {
    return this.state === 'running' || this.state === 'rest';
  }

  /** The gate's last look at the clock, and the exec. */
  passGate(notAfterMs: number): void {
    if (this.state !== 'gate') return;
    if (this.machine.bootMs() >= notAfterMs) {
      this.state = 'dead';
      this.#world.count('starts refused by the gate');
      this.#world.tell(this.owner, () => 'its gate refuses to start the command');
      this.listener.onRefused();
      return;
    }
    this.state = 'running';
    this.aliveSinceMs = this.#world.nowMs;
    this.#world.tell(this.owner, () => 'its command runs');
    this.#observer.onAlive(this);
    const { endsAfterMs } = this.behaviour;
    if (endsAfterMs === null) return;
    this.machine.sleep(endsAfterMs, () => this.#endCommand({ id: 'exited', code: 7 }));
  }

  signal(signal: NodeJS.Signals): void {
    const isStop = signal === 'SIGTERM' || signal === 'SIGINT';
    if (!isStop || this.state === 'dead') return;
    if (this.stopSignalAtMs === null) {
      this.stopSignalAtMs = this.#world.nowMs;
      this.#world.tell(this.owner, () => `its command gets ${signal}`);
      this.#observer.onStopSignal(this);
    }
    // The shell of the gate has no trap.
    if (this.state === 'gate') return this.#endCommand({ id: 'signalled', signal });
    const { endsAfterTermMs } = this.behaviour;
    if (this.state !== 'running' || endsAfterTermMs === null) return;
    this.machine.sleep(endsAfterTermMs, () => this.#endCommand({ id: 'exited', code: 0 }));
  }

  signalRest(): void {
    const delayMs = this.behaviour.rest?.endsAfterTermMs ?? null;
    if (this.state === 'rest' && delayMs !== null) this.machine.sleep(delayMs, () => this.#die());
  }

  kill(by: Killer): void {
    if (this.state === 'dead' || this.killedAtMs !== null) return;
    this.killedAtMs = this.#world.nowMs;
    this.killedBy = by;
    this.#world.tell(this.owner, () => `its tree is killed by ${by}`);
    this.#observer.onKilled(this);
    const { random } = this.#world;
    const { unkillableMs } = this.behaviour;
    const killMs = unkillableMs > 0 ? unkillableMs : random.logBetween(0.3, this.#longestKillMs);
    this.machine.sleep(killMs, () => {
      if (this.state === 'running' || this.state === 'gate') {
        this.listener.onEnded({ id: 'signalled', signal: 'SIGKILL' });
      }
      this.#die();
    });
  }

  #endCommand(ending: Ending): void {
    if (this.state !== 'running' && this.state !== 'gate') return;
    // In uninterruptible sleep nothing ends.
    if (this.killedAtMs !== null && this.behaviour.unkillableMs > 0) return;
    this.hasEnded = true;
    const { rest } = this.behaviour;
    const hasRest = this.state === 'running' && rest !== null;
    this.#world.tell(
      this.owner,
      () => `its command ends${hasRest ? ', others of its tree do not' : ''}`,
    );
    this.listener.onEnded(ending);
    if (!hasRest) return this.#die();
    this.state = 'rest';
    if (rest.endsAfterMs !== null) this.machine.sleep(rest.endsAfterMs, () => this.#die());
  }

  #die(): void {
    if (this.state === 'dead') return;
    const wasAlive = this.isAlive;
    this.state = 'dead';
    this.diedAtMs = this.#world.nowMs;
    this.#world.tell(this.owner, () => 'its tree is dead');
    if (wasAlive) this.#observer.onDead(this);
    this.listener.onGone();
  }
}

/** What each incarnation's command is like; `everEnds`: it ends when told to or by SIGKILL at the latest, within seconds. */
export function drawBehaviour(random: Random, everEnds: boolean): Behaviour {
  const obeys = random.chance(0.7);
  const isOneShot = random.chance(0.25);
  const hasRest = random.chance(0.2);
  return {
    endsAfterMs: isOneShot ? random.logBetween(1, 40_000) : null,
    endsAfterTermMs: obeys ? random.logBetween(1, 8_000) : null,
    rest: hasRest
      ? {
          endsAfterTermMs: random.chance(0.5) ? random.logBetween(1, 5_000) : null,
          endsAfterMs: random.chance(0.3) ? random.logBetween(1, 20_000) : null,
        }
      : null,
    unkillableMs: !everEnds && random.chance(0.08) ? random.between(2_000, 60_000) : 0,
  };
}
