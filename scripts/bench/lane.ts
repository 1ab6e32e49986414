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
  #leader: Candidate | null = null;
  #standby: Candidate | null = null;

  constructor(stage: Stage, program: Program) {
    this.#stage = stage;
    this.#program = program;
  }

  /** Brings leader and standby up to full strength and lets the standby settle. */
  async prepare(): Promise<void> {
    this.#leader ??= this.#start();
    await this.#leader.started();
    this.#standby ??= this.#start();
    await untilStandby(this.#standby, this.#program);
  }

  /** Asks the leader to stop and waits for its successor. */
  async handOver(): Promise<HandOver> {
    const [leader, standby] = [this.#leader, this.#standby];
    if (leader === null || standby === null) throw new Error('not prepared');
    // etcdctl does not pass signals on.
    const signalledAtMs = this.#program.usesLeases
      ? leader.kill('SIGTERM')
      : leader.killCommand('SIGTERM');
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

  #start(): Candidate {
    const { adminKubeconfig } = this.#stage.cluster;
    return this.#program.start({ lock: this.lock, kubeconfig: adminKubeconfig });
  }
}
