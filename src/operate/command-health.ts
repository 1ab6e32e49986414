/**
 * `--command-health`: asks the command how it is, on behalf of the kubelet. Only ever while it runs under a leader: a standby has
 * no command, and must not be killed for that.
 *
 *     running ──asked until it succeeds──▶ succeeded ──each probe asks──▶ healthy, or why not
 */
import { request as requestHttp, STATUS_CODES } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Instant } from '../election/event.ts';
import type { State } from '../election/state.ts';

const answerTimeoutMs = 1_000;
/** Until the first success: the pause doubles from the first to the last. */
const firstPauseMs = 50;
const longestPauseMs = 1_000;

export interface CommandHealthOptions {
  readonly url: URL;
  /** From the command's start to its first success; may be `Infinity`. */
  readonly startTimeoutMs: number;
  readonly bootMs: () => number;
}

/** One run of the command. */
interface Run {
  readonly token: string;
  readonly startedAtMs: number;
  hasSucceeded: boolean;
}

export class CommandHealth {
  readonly #options: CommandHealthOptions;
  readonly #onFirstSuccess: () => void;
  #run: Run | null = null;
  #asking: Promise<string | null> | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** `onFirstSuccess`: once in each run of the command. */
  constructor(options: CommandHealthOptions, onFirstSuccess: () => void) {
    this.#options = options;
    this.#onFirstSuccess = onFirstSuccess;
  }

  onState(state: State, { bootMs }: Pick<Instant, 'bootMs'>): void {
    if (state.id !== 'leading' || state.command.id !== 'running') {
      this.#run = null;
      return;
    }
    const token = state.tenure.term.fencingToken;
    if (this.#run?.token === token) return;
    this.#run = { token, startedAtMs: bootMs, hasSucceeded: false };
    this.#askUntilSuccess(this.#run, firstPauseMs);
  }

  /** Null: well, starting, or there is no command to ask. Otherwise why not. */
  async problem(): Promise<string | null> {
    const run = this.#run;
    if (run === null) return null;
    if (run.hasSucceeded) {
      const why = await this.#ask();
      // It may have been stopped meanwhile.
      return run === this.#run ? why : null;
    }
    const { bootMs, startTimeoutMs } = this.#options;
    return bootMs() - run.startedAtMs < startTimeoutMs
      ? null
      : `no success within ${startTimeoutMs / 1000}s of its start`;
  }

  close(): void {
    this.#run = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #askUntilSuccess(run: Run, pauseMs: number): void {
    void this.#ask().then((why) => {
      if (run !== this.#run) return;
      if (why === null) {
        run.hasSucceeded = true;
        return this.#onFirstSuccess();
      }
      this.#timer = setTimeout(() => {
        if (run !== this.#run) return;
        this.#askUntilSuccess(run, Math.min(2 * pauseMs, longestPauseMs));
      }, pauseMs).unref();
    });
  }

  /** One request serves all who ask meanwhile. */
  #ask(): Promise<string | null> {
    this.#asking ??= ask(this.#options.url)
      .catch((error: unknown) => String(error))
      .finally(() => {
        this.#asking = null;
      });
    return this.#asking;
  }
}

/** As the kubelet does: 2xx and 3xx are well, redirects are not followed, certificates not verified. */
function ask(url: URL): Promise<string | null> {
  const signal = AbortSignal.timeout(answerTimeoutMs);
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    open(url, { agent: false, signal, rejectUnauthorized: false })
      .on('response', (response) => {
        response.resume();
        response.on('error', () => undefined);
        const { statusCode: status = 0 } = response;
        const isWell = status >= 200 && status < 400;
        resolve(isWell ? null : `answered ${status} ${STATUS_CODES[status] ?? ''}`.trim());
      })
      .on('error', ({ message }) =>
        resolve(signal.aborted ? `no answer within ${answerTimeoutMs / 1000}s` : message),
      )
      .end();
  });
}
