/** Hears of each command that starts, from the stamps. */
import { EventEmitter, once } from 'node:events';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { candidateOf } from './history.ts';

export interface Start {
  readonly identity: string;
  readonly candidate: string;
  readonly lock: string;
  /** Of the command's main process. */
  readonly pid: number;
}

export class Starts {
  /** The latest of each lock. */
  readonly latest = new Map<string, Start>();
  readonly #events = new EventEmitter<{ start: [Start] }>();
  readonly #seen = new Set<string>();
  readonly #watcher: FSWatcher;

  constructor(stamps: string) {
    this.#watcher = watch(stamps, (_, file) => {
      if (file !== null && !this.#seen.has(file)) this.#read(join(stamps, file), file);
    });
  }

  /** The next one of a lock. */
  async next(lock: string, signal: AbortSignal): Promise<Start> {
    for (;;) {
      const [start] = (await once(this.#events, 'start', { signal })) as [Start];
      if (start.lock === lock) return start;
    }
  }

  close(): void {
    this.#watcher.close();
  }

  /** The first line comes right after the file: if it is not there yet, its own event follows. */
  #read(path: string, file: string): void {
    const [line, ...rest] = readFileSync(path, 'utf8').split('\n');
    const [, , identity = '', lock = '', , role] = (line ?? '').split(' ');
    if (rest.length === 0) return;
    this.#seen.add(file);
    if (role !== 'main') return;
    const candidate = candidateOf(identity);
    const start = { identity, candidate, lock, pid: Number(file.split('.')[1]) };
    this.latest.set(lock, start);
    this.#events.emit('start', start);
  }
}
