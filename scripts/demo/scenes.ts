/** What the demo plays: each scene waits for what it provoked and says how long that took, in ms. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Replica } from './replica.ts';
import { announce, tell } from './screen.ts';

/** Long enough for a person to see who leads. */
const lookMs = 1_500;

export class Stage {
  readonly replicas: readonly Replica[];
  readonly #flags: readonly string[];
  #leader: Replica;

  constructor(replicas: readonly [Replica, ...Replica[]], flags: readonly string[]) {
    this.replicas = replicas;
    this.#flags = flags;
    [this.#leader] = replicas;
  }

  /** All start; one leads, the others wait. */
  async begin(): Promise<void> {
    announce('Three replicas start. One leads and runs its worker, the others wait.');
    const led = this.#nextLeader(this.replicas);
    const waiting = this.replicas.map((replica) =>
      Promise.race([replica.report('waiting'), replica.next('start')]),
    );
    for (const replica of this.replicas) replica.start(this.#flags);
    await Promise.all([led, ...waiting]);
    await pause(lookMs);
  }

  /** SIGTERM, as a rolling update sends it. From it to the next worker's first instruction. */
  async handOver(): Promise<{ handOverMs: number; exit: number | NodeJS.Signals | null }> {
    const leader = this.#leader;
    announce(`SIGTERM to ${leader.name}, as in a rolling update.`);
    const successor = this.#nextLeader(this.#others());
    const sentAtMs = leader.signal('SIGTERM');
    const startedAtMs = await successor;
    const exit = await leader.exit();
    await this.#restart(leader);
    return { handOverMs: startedAtMs - sentAtMs, exit };
  }

  /** SIGKILL: leader-run can do nothing any more. To the end of its worker, and to the next worker's start. */
  async crash(): Promise<{ workerOutlivedMs: number; takeOverMs: number }> {
    const leader = this.#leader;
    announce(
      `SIGKILL of ${leader.name}'s leader-run. Its guard ends the worker; the Lease has to expire.`,
    );
    const successor = this.#nextLeader(this.#others());
    const gone = leader.gone();
    const sentAtMs = leader.signal('SIGKILL');
    const goneAtMs = await gone;
    tell(leader.name, '○ leader-run was killed, and its worker is gone');
    const startedAtMs = await successor;
    await this.#restart(leader);
    return { workerOutlivedMs: goneAtMs - sentAtMs, takeOverMs: startedAtMs - sentAtMs };
  }

  /** Someone writes another holder into the Lease. To the stop signal of the worker. */
  async depose(
    edit: () => Promise<void>,
  ): Promise<{ toldMs: number; exit: number | NodeJS.Signals | null }> {
    const leader = this.#leader;
    announce(`The Lease is edited by hand: its holder is now "somebody-else", not ${leader.name}.`);
    const successor = this.#nextLeader(this.#others());
    const told = leader.next('signal');
    const editedAtMs = performance.timeOrigin + performance.now();
    await edit();
    const { atMs } = await told;
    const exit = await leader.exit();
    tell(leader.name, `○ leader-run has exited with ${exit}`);
    await successor;
    await pause(lookMs);
    return { toldMs: atMs - editedAtMs, exit };
  }

  /** Everybody is asked to stop. */
  async end(): Promise<void> {
    announce('SIGTERM to everybody.');
    // The standbys first, or each would lead for a moment.
    for (const replica of this.#others()) replica.signal('SIGTERM');
    await Promise.all(this.#others().map((replica) => replica.exit()));
    this.#leader.signal('SIGTERM');
    await this.#leader.exit();
  }

  #others(): Replica[] {
    return this.replicas.filter((replica) => replica !== this.#leader);
  }

  /** When the first of them starts its worker, in Unix time. */
  async #nextLeader(candidates: readonly Replica[]): Promise<number> {
    const { replica, atMs } = await Promise.race(
      candidates.map(async (one) => ({ replica: one, atMs: (await one.next('start')).atMs })),
    );
    this.#leader = replica;
    return atMs;
  }

  /** As Kubernetes would: the replica comes back, and waits. */
  async #restart(replica: Replica): Promise<void> {
    const waiting = replica.report('waiting');
    replica.start(this.#flags);
    await waiting;
    await pause(lookMs);
  }
}
