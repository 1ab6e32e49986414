/**
 * Candidates for a Lease, as processes: leader-run around a worker, and client-go's leader election example.
 *
 * What they print is kept with its facts; whoever waits is woken by the next line. At the end of a test they are ended
 * with everything that they started.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { parseWorkerLine, type Term, type WorkerLine } from '../fixtures/judge.ts';
import type { ClusterAccess } from './api.ts';

const leaderRun = resolve(import.meta.dirname, '../../bin/leader-run');
const worker = resolve(import.meta.dirname, '../fixtures/worker.mjs');
const patienceMs = 90_000;

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Takes what is to be done when the test is over; tests that run concurrently need their own context's onTestFinished. */
export type AtEnd = (endIt: () => Promise<void>) => void;

/** A candidate's process and what it has printed so far. */
export class Candidate {
  readonly output: string[] = [];
  readonly workerLines: WorkerLine[] = [];
  /** When it and everything that it started have ended, because nothing holds its output any more. */
  readonly ended: Promise<End>;
  readonly #name: string;
  readonly #process: ChildProcess;
  #hasEnded = false;
  readonly #changes = new EventEmitter<{ change: [] }>();

  constructor(path: string, args: readonly string[], atEnd: AtEnd = onTestFinished) {
    this.#name = basename(path);
    // In a session of its own, so that it has no terminal even when the tests are run in one.
    this.#process = spawn(path, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TZ: 'UTC' },
    });
    this.ended = once(this.#process, 'close').then(([code, signal]) => {
      this.#hasEnded = true;
      this.#changes.emit('change');
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      if (stream !== null) createInterface(stream).on('line', (line) => this.#take(line));
    atEnd(async () => {
      this.#killAll();
      await this.ended;
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('the candidate did not start');
    return this.#process.pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** SIGTERM, and how it ended then. */
  async stop(): Promise<End> {
    this.kill('SIGTERM');
    return this.ended;
  }

  /** Asks again with each line printed until `find` finds something; throws with all output when it cannot come any more. */
  async until<T>(what: string, find: () => T | null | undefined): Promise<T> {
    const signal = AbortSignal.timeout(patienceMs);
    for (;;) {
      const found = find();
      if (found !== null && found !== undefined) return found;
      if (this.#hasEnded || signal.aborted)
        throw new Error(`no ${what} by ${this.#name}; output:\n${this.output.join('\n')}`);
      await once(this.#changes, 'change', { signal }).catch(() => undefined);
    }
  }

  /** The worker's first line of this kind. */
  workerSays(event: WorkerLine['event']): Promise<WorkerLine> {
    return this.until(`worker's ${event}`, () =>
      this.workerLines.find((line) => line.event === event),
    );
  }

  #take(line: string): void {
    const fromWorker = parseWorkerLine(line);
    if (fromWorker === null) this.output.push(line);
    else this.workerLines.push(fromWorker);
    this.#changes.emit('change');
  }

  #killAll(): void {
    this.#process.kill('SIGKILL');
    // A pipe that is still open is held by a worker, so its pid cannot be another's yet.
    if (this.#process.stdout?.closed === false)
      for (const pid of new Set(this.workerLines.map((line) => line.worker))) killIfAlive(pid);
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}

/** Starts leader-run around a worker. */
export function startLeaderRun(options: {
  readonly kubeconfig: string;
  readonly lockName: string;
  readonly flags?: readonly string[];
  readonly workerFlags?: readonly string[];
  readonly atEnd?: AtEnd;
}): Candidate {
  const { kubeconfig, lockName, flags = [], workerFlags = [], atEnd } = options;
  const settings = ['--kubeconfig', kubeconfig, '--lock-name', lockName, ...flags];
  const command = [process.execPath, worker, ...workerFlags];
  return new Candidate(leaderRun, [...settings, '--', ...command], atEnd);
}

/** Starts client-go's example: 60s/15s/5s, releases on SIGTERM. */
export function startClientGo(
  access: Pick<ClusterAccess, 'adminKubeconfig' | 'clientGo'>,
  options: {
    readonly namespace: string;
    readonly lockName: string;
    readonly identity: string;
    readonly atEnd?: AtEnd;
  },
): Candidate {
  const { namespace, lockName, identity, atEnd } = options;
  const lease = ['-lease-lock-namespace', namespace, '-lease-lock-name', lockName];
  const args = ['-kubeconfig', access.adminKubeconfig, ...lease, '-id', identity];
  return new Candidate(access.clientGo, args, atEnd);
}

/**
 * When client-go's example led, by its own log. Its term ends where it says that it steps down: it releases the Lease
 * before it says that it has lost it.
 */
export function clientGoTerm(candidate: Candidate, name: string): Term | null {
  const startMs = klogTimeMs(candidate, 'Controller loop');
  if (startMs === null) return null;
  const endMs = klogTimeMs(candidate, 'Received termination') ?? Date.now();
  return { name, startMs, endMs };
}

/** Unix time of the first line that says so; klog writes `I1121 07:22:01.123456 …`, here in UTC and without the year. */
function klogTimeMs(candidate: Candidate, message: string): number | null {
  const line = candidate.output.find((text) => text.includes(message));
  const match = line === undefined ? null : /^I(\d\d)(\d\d) (\S+)\.(\d{6}) /.exec(line);
  if (match === null) return null;
  const [, month, day, time, micros] = match;
  const year = new Date().getUTCFullYear();
  return Date.parse(`${year}-${month}-${day}T${time}Z`) + Number(micros) / 1000;
}
