/**
 * `leader-run transfer`: asks the present leader, by an annotation on the version that was read, to give the lease to another, and
 * waits for what comes of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Failure, RawLease, WatchEvent } from '../election/lease.ts';
import {
  type ElectionRecord,
  annotationOf,
  readRecord,
  resourceVersionOf,
  termOfRecord,
  withAnnotations,
} from '../election/record.ts';
import { type TransferResult, isMeant, transferAnnotation } from '../election/transfer.ts';
import type { LeaseApi } from '../lease/api.ts';

export interface TransferRequest {
  /** An identity or the name of a Pod; null: whoever comes first. */
  readonly to: string | null;
  /** Who asks, for the leader's log. */
  readonly by: string;
  readonly waitMs: number;
}

export interface TransferPorts {
  readonly api: LeaseApi;
  /** For the leader's log. */
  readonly wallMs: () => number;
  /** A clock that nobody sets. */
  readonly nowMs: () => number;
  readonly attemptTimeoutMs: number;
  /** Taking back the request has so long in all. */
  readonly takeBackMs: number;
}

/** Where there is no watch, and in case an event is missed. */
const lookEveryMs = 1_000;
const watchSilenceMs = 90_000;
/** A lease that is still free after this, ms, is not on its way to another: who is meant has a second before all others. */
const handOverMs = 1_500;
/** Between one attempt to ask and the next, ms: these double. */
const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** A holder renews between a read and the write on it, but hardly ever so often. */
const mostConflicts = 10;
/** An attempt has at least this, ms, however little time is left. */
const leastAttemptMs = 1_000;
/** From one attempt to take back the request to the next, if it failed. */
const takeBackPauseMs = 500;

/**
 * Resolves when another leads, or the time is over. An attempt may take a second longer than that, and taking the request back a few
 * seconds more.
 */
export async function transferLease(
  request: TransferRequest,
  ports: TransferPorts,
): Promise<TransferResult> {
  const transfer = new Transfer(request, ports);
  const asked = await transfer.ask();
  return asked.id === 'asked' ? transfer.waitForSuccessor(asked) : asked;
}

interface Asked {
  readonly id: 'asked';
  /** Of the request in the Lease. */
  readonly text: string;
  readonly lease: RawLease;
  /** Of the leader that was asked. */
  readonly record: ElectionRecord;
}

/** To be tried again, because it was renewed in between (`failure` null), or nobody knows. */
interface Again {
  readonly id: 'again';
  readonly failure: Failure | null;
  readonly record: ElectionRecord;
}

class Transfer {
  readonly #request: TransferRequest;
  readonly #ports: TransferPorts;
  readonly #deadlineMs: number;
  /** A request that may be stored, though no answer says so. */
  #unanswered: Asked | null = null;
  #hasBeenFree = false;

  constructor(request: TransferRequest, ports: TransferPorts) {
    this.#request = request;
    this.#ports = ports;
    this.#deadlineMs = ports.nowMs() + request.waitMs;
  }

  async ask(): Promise<Asked | TransferResult> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const attempt = await this.#attempt();
      if (attempt.id !== 'again') return attempt;
      const leftMs = this.#leftMs();
      if (leftMs <= 0) return this.#giveUp(attempt, this.#unanswered, false);
      await sleep(Math.ceil(Math.min(pauseMs, leftMs)));
    }
  }

  async #attempt(): Promise<Asked | TransferResult | Again> {
    const { to, by } = this.#request;
    const read = await this.#send({ id: 'get' });
    if (read.id === 'failed') return this.#afterFailure(read.failure);
    if (read.id !== 'lease') return { id: 'no-lease' };
    const { lease } = read;
    const before = this.#unanswered;
    if (before !== null && mayHaveBeenObeyed(before, lease)) return { ...before, lease };
    const record = readRecord(lease);
    const { holder } = record;
    if (holder === '') {
      if (this.#hasBeenFree) return { id: 'no-holder' };
      this.#hasBeenFree = true;
      const leftMs = this.#leftMs();
      if (leftMs > 0) await sleep(Math.min(handOverMs, leftMs));
      // Who leads when the time is over is not asked any more. (A timer may be a millisecond early: the clock does not tell.)
      return leftMs > handOverMs ? this.#attempt() : { id: 'no-holder' };
    }
    if (isMeant(to, holder)) return { id: 'transferred', holder };
    const at = new Date(this.#ports.wallMs()).toISOString();
    // What may be stored was for the same term.
    const text = before?.text ?? JSON.stringify({ to, term: termOfRecord(record), by, at });
    const asked: Asked = { id: 'asked', text, lease, record };
    const body = withAnnotations(lease, { [transferAnnotation]: text });
    const written = await this.#send({ id: 'update', body });
    if (written.id === 'lease') return { ...asked, lease: written.lease };
    if (written.id !== 'failed') return { id: 'again', failure: null, record };
    if (mayHaveLanded(written.failure)) this.#unanswered = asked;
    return this.#afterFailure(written.failure);
  }

  /** Where nothing can be stored, the person hears of it at once. */
  #afterFailure(failure: Failure): Promise<TransferResult> | Again {
    const unanswered = this.#unanswered;
    if (unanswered !== null && mayHaveLanded(failure))
      return { id: 'again', failure, record: unanswered.record };
    return this.#fail(failure, unanswered);
  }

  async waitForSuccessor(asked: Asked): Promise<TransferResult> {
    const { record, lease } = asked;
    const { to } = this.#request;
    const term = termOfRecord(record);
    const sights = watch(this.#ports.api, resourceVersionOf(lease));
    let seen = lease;
    let failure: Failure | null = null;
    try {
      for (;;) {
        const now = readRecord(seen);
        const { holder } = now;
        if (holder !== '' && termOfRecord(now) !== term) {
          const isWanted = to === null ? holder !== record.holder : isMeant(to, holder);
          return { id: isWanted ? 'transferred' : 'other', holder };
        }
        const leftMs = this.#leftMs();
        if (leftMs <= 0) return await this.#giveUp({ failure, record }, asked, holder === '');
        const told = await sights.next(Math.min(leftMs, lookEveryMs));
        const read = told === null ? await this.#send({ id: 'get' }) : null;
        seen = told ?? (read?.id === 'lease' ? read.lease : seen);
        failure = read?.id === 'failed' ? read.failure : null;
      }
    } finally {
      sights.close();
    }
  }

  /** There is no more time. A server that did not answer at last does not show what the leader does. */
  async #giveUp(
    { failure, record }: Omit<Again, 'id'>,
    asked: Asked | null,
    isReleased: boolean,
  ): Promise<TransferResult> {
    if (failure !== null) return this.#fail(failure, asked);
    const isLeft = asked !== null && !(await this.#takeBack(asked.text));
    const isLeaderRun = isOfLeaderRun(record);
    return { id: 'timeout', holder: record.holder, isReleased, isLeaderRun, isLeft };
  }

  async #fail(failure: Failure, asked: Asked | null): Promise<TransferResult> {
    const isLeft = asked !== null && !(await this.#takeBack(asked.text));
    return { id: 'failed', failure, isLeft };
  }

  /** Nobody shall obey it later on. What someone else has asked meanwhile stays. Whether it is gone. */
  async #takeBack(text: string): Promise<boolean> {
    const untilMs = this.#ports.nowMs() + this.#ports.takeBackMs;
    for (let attempt = 0; attempt < mostConflicts; attempt += 1) {
      const leftMs = untilMs - this.#ports.nowMs();
      if (leftMs <= 0) return false;
      const read = await this.#send({ id: 'get' }, leftMs);
      if (read.id === 'not-found') return true;
      let answer: Answer = read;
      if (read.id === 'lease') {
        if (annotationOf(read.lease, transferAnnotation) !== text) return true;
        const body = withAnnotations(read.lease, { [transferAnnotation]: null });
        answer = await this.#send({ id: 'update', body }, leftMs);
        if (answer.id === 'lease') return true;
      }
      if (answer.id === 'failed') await sleep(Math.min(leftMs, takeBackPauseMs));
    }
    return false;
  }

  #leftMs(): number {
    return this.#deadlineMs - this.#ports.nowMs();
  }

  #send(
    request: Parameters<LeaseApi['send']>[0],
    leftMs: number = this.#leftMs(),
  ): Promise<Answer> {
    const { api, attemptTimeoutMs } = this.#ports;
    return api.send(request, Math.min(attemptTimeoutMs, Math.max(leftMs, leastAttemptMs))).answer;
  }
}

/** Whether the write whose answer never came has landed: then the next leader is not asked as well. */
function mayHaveBeenObeyed({ text, record }: Asked, lease: RawLease): boolean {
  const isSameTerm = termOfRecord(readRecord(lease)) === termOfRecord(record);
  return !isSameTerm || annotationOf(lease, transferAnnotation) === text;
}

/** Whether a request may be stored in spite of this: the server was short of time, or a gateway answered in its place. */
function mayHaveLanded(failure: Failure): boolean {
  if (failure.reason === 'status') return failure.status >= 500;
  return ['timeout', 'network', 'malformed'].includes(failure.reason);
}

/** The newest state that the watch tells of; null: none in time. */
function watch(api: LeaseApi, resourceVersion: string) {
  let newest: RawLease | null = null;
  let wake: () => void = () => undefined;
  const open = api.watch(resourceVersion, watchSilenceMs, (event: WatchEvent) => {
    if (event.id !== 'changed') return;
    newest = event.lease;
    wake();
  });
  return {
    close: () => open.close(),
    next: async (withinMs: number): Promise<RawLease | null> => {
      let timer: NodeJS.Timeout | undefined;
      if (newest === null)
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, withinMs);
        });
      clearTimeout(timer);
      const told = newest;
      newest = null;
      return told;
    },
  };
}

/** leader-run names its term in an annotation; other programs know of no requests. */
function isOfLeaderRun(record: ElectionRecord): boolean {
  return record.term === termOfRecord(record);
}
