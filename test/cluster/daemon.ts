/**
 * A server process that a test starts, stops, kills and starts again under the same arguments.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface DaemonOptions {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  /** Where its output goes; the end of it is shown when it does not get ready. */
  readonly logFile: string;
  /** Asked again and again until it says yes; a rejection counts as no. */
  readonly isReady: () => Promise<boolean>;
}

const readyTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
const pollEveryMs = 20;

export class Daemon {
  readonly #options: DaemonOptions;
  #process: ChildProcess | null = null;

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /** The process id while it runs. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Starts it and resolves when it is ready. */
  async start(): Promise<void> {
    if (this.#process !== null) throw new Error(`${this.#options.name} already runs`);
    const log = openSync(this.#options.logFile, 'a');
    // Out of reach of Ctrl-C, which would end both servers at once: one waits for the other when it ends.
    const started = spawn(this.#options.path, this.#options.args, {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    await once(started, 'spawn');
    this.#process = started;
    const disarm = whenRunDies('kill -KILL "$1"', String(started.pid));
    started.once('exit', () => {
      this.#process = null;
      disarm();
    });
    await this.#untilReady();
  }

  /** SIGTERM, and SIGKILL for one that does not mind it; resolves when it has ended. A no-op when it does not run. */
  async stop(): Promise<void> {
    const escalation = setTimeout(() => this.#process?.kill('SIGKILL'), stopTimeoutMs);
    await this.#signalAndWait('SIGTERM');
    clearTimeout(escalation);
  }

  /** SIGKILL; resolves when it has ended. A no-op when it does not run. */
  async kill(): Promise<void> {
    await this.#signalAndWait('SIGKILL');
  }

  /** SIGSTOP: it answers nothing and closes nothing, until {@link resume}. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async #signalAndWait(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    if (running === null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    this.resume();
    await ended;
  }

  async #untilReady(): Promise<void> {
    const deadlineMs = performance.now() + readyTimeoutMs;
    while (performance.now() < deadlineMs && this.#process !== null) {
      if (await this.#options.isReady().catch(() => false)) return;
      await delay(pollEveryMs);
    }
    const what =
      this.#process === null ? 'ended at once' : `was not ready within ${readyTimeoutMs} ms`;
    await this.kill();
    const output = readFileSync(this.#options.logFile, 'utf8').split('\n').slice(-20).join('\n');
    throw new Error(
      `Cannot start ${this.#options.name} as it ${what}: its last output was\n${output}`,
    );
  }
}

/**
 * Runs a shell script when the test run dies without a chance to clean up; returns a disarm. A shell waits for the end of
 * its stdin, in a session of its own, as whatever kills the test run may be meant for all of its group.
 */
export function whenRunDies(script: string, ...args: readonly string[]): () => void {
  const watchdog = spawn('sh', ['-c', `read -r word || { ${script}; }`, 'watchdog', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  return () => watchdog.stdin.end('disarmed\n');
}
