/** The raw floor (floor-process.ts) as a process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HandOver } from './lane.ts';
import { freshLock, type Stage } from './stage.ts';

export class Floor {
  readonly lock = freshLock();
  readonly #process: ChildProcess;
  readonly #lines = new EventEmitter<{ line: [string] }>();

  constructor({ cluster, programs }: Stage) {
    const script = join(import.meta.dirname, 'floor-process.ts');
    this.#process = spawn(
      'node',
      ['--import', 'tsx', script, cluster.adminKubeconfig, this.lock, programs.stamp],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    if (this.#process.stdout !== null)
      createInterface(this.#process.stdout).on('line', (line) => this.#lines.emit('line', line));
  }

  async ready(): Promise<void> {
    await this.#next('ready');
  }

  async handOver(): Promise<HandOver> {
    const [asked, started] = [this.#next('floor'), this.#next('start')];
    this.#process.stdin?.write('\n');
    const [signalledAtMs, startedAtNs] = await Promise.all([asked, started]);
    return { signalledAtMs, startedAtMs: startedAtNs / 1e6, toldAtMs: null };
  }

  async end(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await ended;
  }

  /** The number in the next line of this kind. */
  async #next(kind: string): Promise<number> {
    const signal = AbortSignal.timeout(30_000);
    for (;;) {
      const [line] = (await once(this.#lines, 'line', { signal })) as [string];
      const [event, number] = line.split(' ');
      if (event === kind) return Number(number);
    }
  }
}
