/** One program's leader and standby on a Lease of their own, and leadership going from one to the other. */
import type { Candidate } from './candidate.ts';
import type { Program } from './programs.ts';
import { freshLock, type Stage, untilStandby } from './stage.ts';

export interface HandOver {
  readonly signalledAtMs: number;
  readonly startedAtMs: number;
  /** null: it has no command of its own. */
  readonly toldAtMs: number | null;
}

export class Lane {
  readonly lock = freshLock();
  readonly #stage: Stage;
  readonly #program: Program;
  readonly #flags: readonly string[];
  #started = 0;
  #leader: Candidate | null = null;
  #standby: Candidate | null = null;

  /** `flags`: of leader-run alone. */
  constructor(stage: Stage, program: Program, flags: readonly string[] = []) {
    this.#stage = stage;
    this.#program = program;
    this.#flags = flags;
  }

  /** Brings leader and standby up to full strength and lets the standby settle. */
  async prepare(): Promise<void> {
    this.#leader ??= this.#start();
    await this.#leader.started();
    this.#standby ??= this.#start();
    await untilStandby(this.#standby, this.#program);
  }

  /** Asks the leader to stop and waits for its successor. `ask` does so in another way than by SIGTERM, of this standby, and says when. */
  async handOver(ask?: (to: string) => number): Promise<HandOver> {
    const [leader, standby] = [this.#leader, this.#standby];
    if (leader === null || standby === null) throw new Error('not prepared');
    const signalledAtMs = ask?.(this.#newest) ?? this.#signal(leader);
    const startedAtMs = await standby.started();
    const toldAtMs = leader.commandPid === null ? null : await leader.told();
    await leader.end();
    this.#leader = standby;
    this.#standby = null;
    return { signalledAtMs, startedAtMs, toldAtMs };
  }

  async end(): Promise<void> {
    await this.#standby?.end();
    await this.#leader?.end();
  }

  #signal(leader: Candidate): number {
    // etcdctl does not pass signals on.
    return this.#program.usesLeases ? leader.kill('SIGTERM') : leader.killCommand('SIGTERM');
  }

  #start(): Candidate {
    const { adminKubeconfig: kubeconfig } = this.#stage.cluster;
    this.#started += 1;
    const { lock } = this;
    return this.#program.start({ lock, kubeconfig, flags: this.#flags, identity: this.#newest });
  }

  /** The identity of who was started last: the standby's, once there is one. */
  get #newest(): string {
    return `${this.lock}-${this.#started}`;
  }
}
