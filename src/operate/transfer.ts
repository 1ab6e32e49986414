/**
 * `leader-run transfer`: asks the present leader, by an annotation on the version that was read, to give the lease to another, and
 * waits for what comes of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, RawLease, WatchEvent } from '../election/lease.ts';
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

/** Resolves when another leads, or the time is over: then the request is taken back. */
export async function transferLease(
  request: TransferRequest,
  ports: TransferPorts,
): Promise<TransferResult> {
  const deadlineMs = ports.nowMs() + request.waitMs;
  const asked = await ask(request, ports, deadlineMs);
  return asked.id === 'asked' ? waitForSuccessor(asked, request.to, ports, deadlineMs) : asked;
}

interface Asked {
  readonly id: 'asked';
  /** Of the request in the Lease. */
  readonly text: string;
  readonly lease: RawLease;
  /** Of the leader that was asked. */
  readonly record: ElectionRecord;
}

async function ask(
  { to, by }: TransferRequest,
  ports: TransferPorts,
  deadlineMs: number,
): Promise<Asked | TransferResult> {
  let unanswered: Asked | null = null;
  let hasBeenFree = false;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const read = await send(ports, { id: 'get' });
    if (read.id === 'failed') {
      if (unanswered !== null) await takeBack(ports, unanswered.text);
      return read;
    }
    if (read.id !== 'lease') return { id: 'no-lease' };
    const { lease } = read;
    if (unanswered !== null && mayHaveBeenObeyed(unanswered, lease))
      return { ...unanswered, lease };
    const record = readRecord(lease);
    const { holder } = record;
    if (holder === '') {
      if (hasBeenFree) return { id: 'no-holder' };
      hasBeenFree = true;
      await sleep(handOverMs);
      continue;
    }
    if (isMeant(to, holder)) return { id: 'transferred', holder };
    const at = new Date(ports.wallMs()).toISOString();
    // An attempt whose answer never came may be stored: it was for the same term.
    const text = unanswered?.text ?? JSON.stringify({ to, term: termOfRecord(record), by, at });
    const asked: Asked = { id: 'asked', text, lease, record };
    const body = withAnnotations(lease, { [transferAnnotation]: text });
    const written = await send(ports, { id: 'update', body });
    if (written.id === 'lease') return { ...asked, lease: written.lease };
    if (written.id === 'failed') {
      const { reason } = written.failure;
      if (reason !== 'timeout' && reason !== 'network') {
        if (unanswered !== null) await takeBack(ports, unanswered.text);
        return written;
      }
      unanswered = asked;
    }
    // It was renewed in between, or nobody knows.
    if (ports.nowMs() >= deadlineMs) {
      if (unanswered !== null) await takeBack(ports, unanswered.text);
      return { id: 'timeout', holder, isReleased: false, isLeaderRun: isOfLeaderRun(record) };
    }
    await sleep(Math.min(pauseMs, deadlineMs - ports.nowMs()));
  }
}

/** Whether the write whose answer never came has landed: then the next leader is not asked as well. */
function mayHaveBeenObeyed({ text, record }: Asked, lease: RawLease): boolean {
  const isSameTerm = termOfRecord(readRecord(lease)) === termOfRecord(record);
  return !isSameTerm || annotationOf(lease, transferAnnotation) === text;
}

async function waitForSuccessor(
  { lease, record, text }: Asked,
  to: string | null,
  ports: TransferPorts,
  deadlineMs: number,
): Promise<TransferResult> {
  const term = termOfRecord(record);
  const sights = watch(ports.api, resourceVersionOf(lease));
  let seen = lease;
  try {
    for (;;) {
      const now = readRecord(seen);
      const { holder } = now;
      if (holder !== '' && termOfRecord(now) !== term) {
        const isWanted = to === null ? holder !== record.holder : isMeant(to, holder);
        return { id: isWanted ? 'transferred' : 'other', holder };
      }
      const leftMs = deadlineMs - ports.nowMs();
      if (leftMs > 0) {
        const told = await sights.next(Math.min(leftMs, lookEveryMs));
        seen = told ?? (await look(ports)) ?? seen;
        continue;
      }
      await takeBack(ports, text);
      return {
        id: 'timeout',
        holder: record.holder,
        isReleased: holder === '',
        isLeaderRun: isOfLeaderRun(record),
      };
    }
  } finally {
    sights.close();
  }
}

/** Nobody shall obey it later on. What someone else has asked meanwhile stays. */
async function takeBack(ports: TransferPorts, text: string): Promise<void> {
  for (let attempt = 0; attempt < mostConflicts; attempt += 1) {
    const lease = await look(ports);
    if (lease === null || annotationOf(lease, transferAnnotation) !== text) return;
    const body = withAnnotations(lease, { [transferAnnotation]: null });
    const written = await send(ports, { id: 'update', body });
    if (written.id !== 'conflict') return;
  }
}

async function look(ports: TransferPorts): Promise<RawLease | null> {
  const read = await send(ports, { id: 'get' });
  return read.id === 'lease' ? read.lease : null;
}

function send(
  { api, attemptTimeoutMs }: TransferPorts,
  request: Parameters<LeaseApi['send']>[0],
): Promise<Answer> {
  return api.send(request, attemptTimeoutMs).answer;
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
