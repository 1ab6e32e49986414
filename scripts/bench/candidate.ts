/**
 * A candidate as a process, whatever it is made of: when its command started and was told to stop, by the command's own
 * word, and what it prints.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { atNextMillisecond } from './clock.ts';

const patienceMs = 120_000;
const alive = new Set<Candidate>();

export class Candidate {
  /** Unix ms. */
  readonly launchedAtMs: number;
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #changes = new EventEmitter<{ change: [] }>();
  #startedAtMs: number | null = null;
  #toldAtMs: number | null = null;
  #closedAtMs: number | null = null;
  #commandPid: number | null = null;

  /** `startLine`: what a program without a command prints when it leads; then its reading counts. */
  constructor(argv: readonly string[], startLine: string | null = null) {
    const [path = '', ...args] = argv;
    this.#changes.setMaxListeners(0);
    this.launchedAtMs = atNextMillisecond();
    // In a session of its own, so that it has no terminal even when this has one.
    this.#process = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    alive.add(this);
    this.#process.once('close', () => {
      this.#closedAtMs = Date.now();
      alive.delete(this);
      this.#changes.emit('change');
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      if (stream !== null)
        createInterface(stream).on('line', (line) => this.#take(line, startLine));
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('the candidate did not start');
    return this.#process.pid;
  }

  get commandPid(): number | null {
    return this.#commandPid;
  }

  get hasStarted(): boolean {
    return this.#startedAtMs !== null;
  }

  /** Sends a signal and says when, in Unix ms. */
  kill(signal: NodeJS.Signals): number {
    const atMs = atNextMillisecond();
    this.#process.kill(signal);
    return atMs;
  }

  /** As {@link kill}, past the candidate. */
  killCommand(signal: NodeJS.Signals): number {
    const atMs = atNextMillisecond();
    if (this.#commandPid !== null) process.kill(this.#commandPid, signal);
    return atMs;
  }

  /** Unix ms of the command's first instruction. */
  started(): Promise<number> {
    return this.#until('start of its command', () => this.#startedAtMs);
  }

  /** As {@link started}, of the first command that starts after this instant. */
  startedAfter(atMs: number): Promise<number> {
    const find = () =>
      this.#startedAtMs !== null && this.#startedAtMs > atMs ? this.#startedAtMs : null;
    return this.#until('another start of its command', find);
  }

  /** Unix ms at which the command was told to stop, and ended. */
  told(): Promise<number> {
    return this.#until('stop of its command', () => this.#toldAtMs);
  }

  /** Unix ms at which neither it nor its command lived any more. */
  closed(): Promise<number> {
    return this.#until('end', () => this.#closedAtMs);
  }

  /** The first line that holds this text, or the nth. */
  line(text: string, nth = 1): Promise<string> {
    const find = () => this.lines.filter((line) => line.includes(text))[nth - 1];
    return this.#until(`line with "${text}"`, find);
  }

  /** Ends it and its command without ceremony. */
  async end(): Promise<void> {
    this.#endNow();
    await this.closed();
  }

  /** Ends every candidate there is. */
  static async endAll(): Promise<void> {
    await Promise.all([...alive].map((candidate) => candidate.end()));
  }

  #endNow(): void {
    if (this.#closedAtMs !== null) return;
    this.#process.kill('SIGKILL');
    if (this.#commandPid === null) return;
    try {
      process.kill(this.#commandPid, 'SIGKILL');
    } catch {
      // It was faster.
    }
  }

  async #until<T>(what: string, find: () => T | null | undefined): Promise<T> {
    const signal = AbortSignal.timeout(patienceMs);
    for (;;) {
      const found = find();
      if (found !== null && found !== undefined) return found;
      if (this.#closedAtMs !== null || signal.aborted)
        throw new Error(
          `no ${what} of ${this.#process.spawnargs.join(' ')}; it printed:\n${this.lines.join('\n')}`,
        );
      await once(this.#changes, 'change', { signal }).catch(() => undefined);
    }
  }

  #take(line: string, startLine: string | null): void {
    this.lines.push(line);
    const [, event, ns, pid] = /^(start|told) (\d+) (\d+)$/.exec(line) ?? [];
    if (event === 'start') {
      this.#startedAtMs = Number(ns) / 1e6;
      this.#commandPid = Number(pid);
    }
    if (event === 'told') this.#toldAtMs = Number(ns) / 1e6;
    if (startLine !== null && line.includes(startLine)) this.#startedAtMs ??= Date.now();
    this.#changes.emit('change');
  }
}
