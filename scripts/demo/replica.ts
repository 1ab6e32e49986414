/** One replica of leader-run around the worker: what it says on stderr, what its worker writes to stdout, how it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseWorkerLine, type WorkerLine } from '../../test/fixtures/judge.ts';
import { tell } from './screen.ts';

const root = join(import.meta.dirname, '../..');
const worker = [process.execPath, join(root, 'test/fixtures/worker.mjs')] as const;

/** One line of leader-run's JSON log. */
interface LogLine {
  readonly event: string;
  readonly message: string;
}

export class Replica {
  readonly name: string;
  /** Everything that workers of this name have written. */
  readonly lines: WorkerLine[] = [];
  readonly #events = new EventEmitter();
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess | null = null;

  constructor(name: string, env: NodeJS.ProcessEnv) {
    this.name = name;
    this.#env = env;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts leader-run around the worker; with `flags` null the worker alone, without leader-run. */
  start(flags: readonly string[] | null): void {
    const own = ['--id', `${this.name}-${Date.now().toString(36)}`, '--log-format', 'json'];
    const [program, ...words] =
      flags === null ? worker : [join(root, 'bin/leader-run'), ...flags, ...own, '--', ...worker];
    // A session of its own: in a terminal Ctrl-C is for the demo, which then ends the replicas.
    const child = spawn(program, words, {
      detached: true,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    createInterface(child.stdout).on('line', (line) => this.#onWorkerLine(line));
    createInterface(child.stderr).on('line', (line) => this.#onLogLine(line));
    // leader-run and its worker share stdout: it is closed when both are gone.
    child.stdout.once('close', () => this.#events.emit('gone'));
  }

  /** The worker's next line of this kind. */
  async next(event: WorkerLine['event']): Promise<WorkerLine> {
    const [line] = (await once(this.#events, `worker ${event}`)) as [WorkerLine];
    return line;
  }

  /** The next time that leader-run reports this event. */
  async report(event: string): Promise<void> {
    await once(this.#events, `report ${event}`);
  }

  /** leader-run and its worker have both ended: the instant, in Unix time. */
  async gone(): Promise<number> {
    await once(this.#events, 'gone');
    return Date.now();
  }

  /** The exit status of leader-run, or the signal that ended it. */
  async exit(): Promise<number | NodeJS.Signals | null> {
    const child = this.#process;
    if (child === null) return null;
    if (child.exitCode !== null || child.signalCode !== null)
      return child.exitCode ?? child.signalCode;
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? signal;
  }

  /** Sends a signal to leader-run alone; returns the instant, in Unix time. */
  signal(signal: NodeJS.Signals): number {
    const atMs = performance.timeOrigin + performance.now();
    this.#process?.kill(signal);
    return atMs;
  }

  #onWorkerLine(text: string): void {
    const line = parseWorkerLine(text);
    if (line === null) return;
    this.lines.push(line);
    if (line.event === 'start') {
      const token = line.token === undefined ? '' : `, fencing token ${line.token}`;
      tell(this.name, `● worker ${line.worker} runs${token}`);
    }
    if (line.event === 'end') tell(this.name, `○ worker ${line.worker} has ended`);
    this.#events.emit(`worker ${line.event}`, line);
  }

  #onLogLine(text: string): void {
    const { event, message } = readLogLine(text);
    // Where the Lease is has been said at the top.
    if (!unseen.has(event)) tell(this.name, message.replace(/ at http\S+ \(context "\S+"\)/, ''));
    this.#events.emit(`report ${event}`);
  }
}

/** What others say of the same event, or the worker itself. */
const unseen: ReadonlySet<string> = new Set(['holder-changed', 'command-started', 'command-ended']);

function readLogLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { event: 'other', message: text };
  }
}
