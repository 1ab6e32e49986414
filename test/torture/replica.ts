/** A candidate's leader-runs, one after the other: each is started again when it has ended, as by a kubelet. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import { locks, namespace, podLabel, type Seat, type Stage } from './stage.ts';

const backOffMs = 300;
const traits = ['-', 'd', 'f', 'df', 'df', 'dfs', 'dft', 'c', 'cd', 'ct', 'cs'] as const;
/** A request may take 500 ms with the first, and 1 s with the second. */
const settings = [
  ['--lease-duration', '5s', '--renew-deadline', '2500ms', '--retry-period', '1s'],
  ['--lease-duration', '7s', '--renew-deadline', '3500ms', '--retry-period', '500ms'],
] as const;
/** Renew deadline / lease duration. */
export const renewFraction = 0.5;

export class Replica {
  readonly seat: Seat;
  readonly #stage: Stage;
  /** A folder with leader-run's `bin` and `dist`. */
  readonly #program: string;
  readonly #random: Random;
  readonly #running = new Map<string, ChildProcess>();
  #count = 0;
  #service: string | null = null;
  #isOver = false;

  constructor(stage: Stage, seat: Seat, program: string, random: Random) {
    this.#stage = stage;
    this.seat = seat;
    this.#program = program;
    this.#random = random;
  }

  /** The leader-run of this identity, while it runs. */
  pidOf(identity: string): number | null {
    return this.#running.get(identity)?.pid ?? null;
  }

  /** That which was started as a service, while it runs. */
  get service(): { readonly identity: string; readonly pid: number } | null {
    const identity = this.#service;
    const pid = identity === null ? null : this.pidOf(identity);
    return identity === null || pid === null ? null : { identity, pid };
  }

  /** Starts a service again and again, until {@link end}. */
  async keep(): Promise<void> {
    while (!this.#isOver) {
      const random = this.#random;
      const isWarm = random.chance(0.25);
      const isShort = random.chance(0.4);
      const lifeMs = isShort ? Math.round(random.between(500, 9_000)) : 0;
      const command = [(isWarm ? 'w' : '') + random.pick(traits), lifeMs, random.pick([0, 1])];
      const flags = [
        ...['--lock-name', 'work', '--pod-label', podLabel],
        ...random.pick(settings),
        ...['--grace-period', random.pick(['500ms', '2s', '25s'])],
        ...(isWarm ? ['--warm'] : []),
        ...(random.chance(0.3) ? ['--on-lost', 'rejoin'] : []),
        ...(random.chance(0.15) ? ['--max-term', '4s'] : []),
      ];
      await this.#run(flags, command, true);
      await delay(backOffMs);
    }
  }

  /** Runs a job of which there is one for each key; resolves with the end of this leader-run. */
  async runOnce(key: string, lifeMs: number, status: number): Promise<void> {
    const at = key.startsWith('start-') ? 'start' : 'success';
    const flags = ['--lock-name', 'cron', ...settings[0], '--once', key, '--once-at', at];
    await this.#run([...flags, '--wait', '15s', '-E', '0'], ['-', lifeMs, status], false);
  }

  async #run(
    flags: readonly string[],
    command: readonly (string | number)[],
    isService: boolean,
  ): Promise<void> {
    const { folder } = this.#stage;
    const { name, kubeconfig, clockFile } = this.seat;
    const identity = `${name}.${(this.#count += 1)}`;
    const path = process.env['PATH'] ?? '';
    const log = openSync(join(folder, `${name}.log`), 'a');
    const words = [
      ...['--kubeconfig', kubeconfig, '--id', identity, '--log-format', 'json', ...flags, '--'],
      ...[join(folder, 'command'), join(folder, 'stamps'), ...command.map(String)],
    ];
    const started = spawn(join(this.#program, 'bin/leader-run'), words, {
      stdio: ['ignore', log, log],
      detached: true,
      env: {
        PATH: clockFile === null ? path : `${join(folder, 'bin')}:${path}`,
        ...(clockFile === null ? {} : { TORTURE_CLOCK: clockFile }),
        POD_NAME: name,
        POD_NAMESPACE: namespace,
      },
    });
    closeSync(log);
    this.#running.set(identity, started);
    if (isService) this.#service = identity;
    if (this.#isOver) started.kill('SIGTERM');
    await once(started, 'exit');
    this.#running.delete(identity);
  }

  /** SIGTERM to all, SIGKILL to those that have not ended after this time; says which. */
  async end(patienceMs: number): Promise<string[]> {
    this.#isOver = true;
    const running = [...this.#running];
    const isLate = await Promise.all(
      running.map(async ([identity, started]) => {
        if (started.exitCode !== null || started.signalCode !== null) return [];
        const ended = once(started, 'exit');
        started.kill('SIGTERM');
        const winner = await Promise.race([ended, delay(patienceMs, 'late', { ref: false })]);
        if (winner !== 'late') return [];
        started.kill('SIGKILL');
        await ended;
        return [`leader-run ${identity} did not end within ${patienceMs} ms of SIGTERM`];
      }),
    );
    return isLate.flat();
  }
}

/** client-go's candidate: it leads for a moment whenever it comes to it, and then releases. */
export async function keepClientGo(stage: Stage, seat: Seat, signal: AbortSignal): Promise<void> {
  for (let count = 1; !signal.aborted; count += 1) {
    const lease = [
      '-lease-lock-namespace',
      namespace,
      '-lease-lock-name',
      locks.work.split('/')[1],
    ];
    const words = ['-kubeconfig', seat.kubeconfig, ...lease, '-id', `${seat.name}.${count}`];
    const started = spawn(stage.clientGo, words as string[], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const end = () => started.kill('SIGTERM');
    signal.addEventListener('abort', end, { once: true });
    started.stdout.on('data', (text: Buffer) => {
      if (text.includes('leading')) setTimeout(end, 1_500);
    });
    await once(started, 'exit');
    signal.removeEventListener('abort', end);
    await delay(8_000, null, { signal }).catch(() => undefined);
  }
}
