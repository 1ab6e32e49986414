/** Starts the command without a gate, where there is no sh: then nothing keeps it from running on when leader-run is killed. */
import type { ChildProcess } from 'node:child_process';
import { bootNowMs } from './clock.ts';
import type { Variable } from './environment.ts';
import { decodeVariables, executionOptions } from './gate.ts';
import type { Launch, LaunchEvents } from './launch.ts';
import { descriptorFailure, endingOf, spawnFailure } from './launch.ts';
import type { StartOptions } from './supervisor.ts';
import type { Bytes } from './shell-words.ts';
import { toText } from './shell-words.ts';

export interface DirectLaunchOptions {
  readonly command: readonly Bytes[];
  readonly variables: readonly Variable[];
  readonly hasOwnGroup: boolean;
  readonly events: LaunchEvents;
  /** What a shell would say. */
  readonly onWarning: (message: string) => void;
}

export function createDirectLaunch(options: DirectLaunchOptions): Launch {
  return new DirectLaunch(options);
}

class DirectLaunch implements Launch {
  readonly #options: DirectLaunchOptions;
  #execa: typeof import('execa').execa | null = null;
  #process: ChildProcess | null = null;

  constructor(options: DirectLaunchOptions) {
    this.#options = options;
  }

  prepare(): void {
    const { events } = this.#options;
    import('execa').then(
      ({ execa }) => {
        this.#execa = execa;
        events.onWaiting(null);
      },
      (error: unknown) => events.onFailed(String(error)),
    );
  }

  go({ notAfterMs, environment }: StartOptions): number | null {
    if (this.#execa === null) throw new Error('Cannot start as nothing was prepared');
    const { command, variables, hasOwnGroup, events } = this.#options;
    if (bootNowMs() >= notAfterMs) {
      queueMicrotask(events.onRefused);
      return null;
    }
    const failure = descriptorFailure();
    if (failure !== null) {
      queueMicrotask(() => events.onFailed(failure));
      return null;
    }
    const [file = '', ...words] = command.map(toText);
    const process = this.#execa(file, words, {
      ...executionOptions(hasOwnGroup),
      env: { ...decodeVariables(variables), ...environment },
      stdio: 'inherit',
    });
    this.#process = process;
    if (process.pid === undefined) {
      // By its result, as not every error comes as an 'error' event too.
      void process.then(({ code, originalMessage }) => this.#failed(file, code, originalMessage));
      return null;
    }
    process.once('spawn', () => events.onStarted(process.pid ?? 0));
    process.once('exit', (code, signal) => events.onEnded(endingOf(code, signal)));
    return process.pid;
  }

  dismiss(): void {
    queueMicrotask(this.#options.events.onDismissed);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** As sh would have it. */
  #failed(file: string, errorCode = '', message = 'it cannot be spawned'): void {
    const { events, onWarning } = this.#options;
    const failure = errorCode === '' ? message : spawnFailure(errorCode);
    if (failure !== null) return events.onFailed(failure);
    const isMissing = noFileErrors.includes(errorCode);
    const why = isMissing ? 'there is no such command' : 'it is not executable';
    onWarning(`Cannot run ${JSON.stringify(file)} as ${why}: ${errorCode}`);
    events.onEnded({ id: 'exited', code: isMissing ? 127 : 126 });
  }
}

const noFileErrors = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'];
