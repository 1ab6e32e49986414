/**
 * The gate: a sh that waits for "go" on a pipe and then becomes the command, so that nothing of the command runs before the
 * guard is armed, nor when leader-run dies inside that window. Its program is in `gate-script.ts`.
 */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import type { Socket } from 'node:net';
import { basename } from 'node:path';
import { finished } from 'node:stream';
import type { Ending } from '../../election/event.ts';
import { toCentiseconds } from '../../process/clock.ts';
import { fileInPath } from './environment.ts';
import type { GateFiles, GatePlan } from './gate-script.ts';
import { gateLoop, goAhead, preparation } from './gate-script.ts';
import { startFailure, startProcess } from '../../process/start-process.ts';
import type { StartOptions } from '../supervisor.ts';
import type { Bytes } from './shell-words.ts';
import { toBytes, toText } from './shell-words.ts';

export interface GateEvents {
  /** Ready to go: the process of this pid will be the command. It changes when a lost one is replaced. */
  readonly onWaiting: (pid: number) => void;
  /** The one that waited was lost; {@link onWaiting} follows for another. */
  readonly onLost: () => void;
  readonly onFailed: (message: string) => void;
  /** The command runs. */
  readonly onStarted: (pid: number) => void;
  /** It was too late: it has ended without running anything of the command. */
  readonly onTooLate: () => void;
  readonly onEnded: (ending: Ending) => void;
  /** The one that waited has ended, as {@link Gate.cancel} asked. */
  readonly onCancelled: () => void;
}

export interface GateOptions {
  readonly shell: string;
  readonly plan: GatePlan;
  /** Not in a terminal, where the command has to stay in our group. */
  readonly hasOwnGroup: boolean;
  /** The command has one more descriptor, {@link promotionDescriptor}, to be told that it leads. */
  readonly isWarm?: boolean;
  readonly events: GateEvents;
}

/** The number of the descriptor on which a warm command is told that it leads. */
export const promotionDescriptor = 4;

type GateState =
  /** Not started yet, or ended for good. */
  | { readonly id: 'absent' }
  /** It has not said yet that it is ready. */
  | { readonly id: 'starting'; readonly process: ChildProcess }
  | { readonly id: 'waiting'; readonly process: ChildProcess; readonly pid: number }
  /** "Go" was said. */
  | { readonly id: 'opening'; readonly process: ChildProcess }
  /** It answered that it was too late. */
  | { readonly id: 'late'; readonly process: ChildProcess }
  /** It is the command now. */
  | { readonly id: 'open'; readonly process: ChildProcess }
  | { readonly id: 'cancelled'; readonly process: ChildProcess | null };

export class Gate {
  readonly #options: GateOptions;
  /** Ends each text; random, so that no argument can hold it. */
  readonly #token = randomBytes(12).toString('hex');
  #state: GateState = { id: 'absent' };

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Starts its sh. */
  prepare(): void {
    const { shell, plan, hasOwnGroup, isWarm = false, events } = this.#options;
    const files = isBusybox(shell) ? filesOf(plan) : null;
    const process = startProcess(shell, ['-c', gateLoop, 'sh', this.#token], {
      detached: hasOwnGroup,
      env: gateEnvironment(plan),
      stdio: [...(['inherit', 'inherit', 'inherit', 'pipe'] as const), ...promotionPipe(isWarm)],
    });
    process.on('error', (error) => {
      // Of a signal that could not be sent it tells, too.
      if (process.pid === undefined) events.onFailed(startFailure(error));
    });
    if (process.pid === undefined) return;
    this.#state = { id: 'starting', process };
    this.#listen(process, process.pid);
    this.#send(process, preparation(plan, files));
  }

  /** Opens it: synchronous, returns the command's pid. Only after {@link GateEvents.onWaiting}. */
  go({ notAfterMs, environment }: StartOptions): number {
    if (this.#state.id !== 'waiting')
      throw new Error(`Cannot open gate as it is ${this.#state.id}`);
    const { process, pid } = this.#state;
    this.#state = { id: 'opening', process };
    const variables = Object.entries(environment).map(([name, value]) => [name, toBytes(value)]);
    const until = notAfterMs < Infinity ? toCentiseconds(notAfterMs) : Number.MAX_SAFE_INTEGER;
    this.#send(process, goAhead(until, Object.fromEntries(variables) as Record<string, Bytes>));
    return pid;
  }

  /** Instead of {@link go}. */
  cancel(): void {
    const { id } = this.#state;
    const process = id === 'waiting' || id === 'starting' ? this.#state.process : null;
    this.#state = { id: 'cancelled', process };
    if (process === null) queueMicrotask(this.#options.events.onCancelled);
    else process.kill('SIGKILL');
  }

  /** Writes a line on the descriptor of a warm command, and ends it. */
  promote(line: string): void {
    if (this.#state.id !== 'open') return;
    const socket = this.#state.process.stdio[promotionDescriptor] as Socket | null | undefined;
    // It may have closed it.
    socket?.on('error', () => undefined);
    socket?.end(`${line}\n`);
  }

  /** To the command alone; a no-op when it has ended or does not exist yet. */
  signal(signal: NodeJS.Signals): void {
    if (this.#state.id !== 'absent') this.#state.process?.kill(signal);
  }

  #listen(process: ChildProcess, pid: number): void {
    const socket = socketOf(process);
    socket.on('error', () => undefined);
    socket.on('data', (data) => this.#heard(process, pid, data.toString()));
    // The gate closes its end just before it becomes the command.
    socket.on('end', () => this.#opened(pid));
    // Not 'close', which waits for others that hold a pipe. And not the socket's 'end' alone: a gate that is killed before it
    // has read all that it was sent leaves an error (ECONNRESET) in its place.
    process.on('exit', (code, signal) => {
      finished(socket, { writable: false }, () => this.#ended(pid, endingOf(code, signal)));
    });
  }

  #heard(process: ChildProcess, pid: number, text: string): void {
    if (text.includes('ready') && this.#state.id === 'starting') {
      this.#state = { id: 'waiting', process, pid };
      this.#options.events.onWaiting(pid);
    }
    if (text.includes('late')) this.#state = { id: 'late', process };
  }

  #opened(pid: number): void {
    if (this.#state.id !== 'opening') return;
    this.#state = { id: 'open', process: this.#state.process };
    this.#options.events.onStarted(pid);
  }

  #ended(pid: number, ending: Ending): void {
    const { events } = this.#options;
    this.#opened(pid);
    const { id } = this.#state;
    if (id === 'cancelled') return events.onCancelled();
    this.#state = { id: 'absent' };
    switch (id) {
      case 'open':
        return events.onEnded(ending);
      case 'late':
        return events.onTooLate();
      case 'waiting':
        // Someone killed it: there is time for another one.
        events.onLost();
        return this.prepare();
      case 'absent':
      case 'starting':
      case 'opening':
        return events.onFailed(
          `sh was ended before it was ready, by ${ending.id === 'exited' ? `exit status ${ending.code}` : ending.signal}`,
        );
    }
  }

  #send(process: ChildProcess, text: Bytes): void {
    socketOf(process).write(`${text}\n${this.#token}\n`, 'latin1');
  }
}

/** Of an 'exit' event. Node tells neither code nor signal of a command that a real-time signal ended: 0 (docs/guarantees.md, limit 5). */
function endingOf(code: number | null, signal: NodeJS.Signals | null): Ending {
  return signal === null ? { id: 'exited', code: code ?? 0 } : { id: 'signalled', signal };
}

function promotionPipe(isWarm: boolean): readonly 'pipe'[] {
  return isWarm ? ['pipe'] : [];
}

function isBusybox(shell: string): boolean {
  return basename(realpathSync(shell)).startsWith('busybox');
}

function filesOf({ command: [name = ''], variables }: GatePlan): GateFiles {
  return { command: fileInPath(name, variables), env: fileInPath('env', variables) };
}

function socketOf(process: ChildProcess): Socket {
  return process.stdio[3] as Socket;
}

/** Either all that the command gets, or the little that sh needs to find `env`. */
function gateEnvironment({ variables, hasVariables }: GatePlan): Record<string, string> {
  if (!hasVariables) return { PATH: `${process.env['PATH'] ?? ''}:/usr/bin:/bin` };
  return Object.fromEntries(variables.map(({ name, value }) => [toText(name), toText(value)]));
}
