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
  #watchdog: ChildProcess | null = null;

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
    const started = spawn(this.#options.path, this.#options.args, { stdio: ['ignore', log, log] });
    closeSync(log);
    started.once('exit', () => {
      if (this.#process === started) this.#process = null;
    });
    await once(started, 'spawn');
    this.#process = started;
    this.#watchdog = watchdogFor(started);
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
    await ended;
    this.#watchdog?.stdin?.end('ended\n');
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

/** Kills the server when the test run dies without a chance to do so: a shell that waits for the end of its stdin. */
function watchdogFor(server: ChildProcess): ChildProcess {
  const script = `read -r word || kill -KILL ${server.pid}`;
  return spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
}
