/**
 * `leader-run transfer`: asks the present leader, by an annotation on the version that was read, to give the lease to another, and
 * waits for what comes of it.
 */
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
  readonly lease: RawLease;
  readonly record: ElectionRecord;
}

async function ask(
  { to, by }: TransferRequest,
  ports: TransferPorts,
  deadlineMs: number,
): Promise<Asked | TransferResult> {
  for (;;) {
    const read = await send(ports, { id: 'get' });
    if (read.id === 'failed') return read;
    if (read.id !== 'lease') return { id: 'no-lease' };
    const record = readRecord(read.lease);
    const { holder } = record;
    if (holder === '') return { id: 'no-holder' };
    if (isMeant(to, holder)) return { id: 'transferred', holder };
    const at = new Date(ports.wallMs()).toISOString();
    const text = JSON.stringify({ to, term: termOfRecord(record), by, at });
    const body = withAnnotations(read.lease, { [transferAnnotation]: text });
    const written = await send(ports, { id: 'update', body });
    if (written.id === 'failed') return written;
    if (written.id === 'lease') return { id: 'asked', lease: written.lease, record };
    // It was renewed in between.
    if (ports.nowMs() >= deadlineMs)
      return { id: 'timeout', holder, isReleased: false, isLeaderRun: isOfLeaderRun(record) };
  }
}

async function waitForSuccessor(
  { lease, record }: Asked,
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
      if (holder !== '' && termOfRecord(now) !== term)
        return { id: to === null || isMeant(to, holder) ? 'transferred' : 'other', holder };
      const leftMs = deadlineMs - ports.nowMs();
      if (leftMs > 0) {
        const told = await sights.next(Math.min(leftMs, lookEveryMs));
        seen = told ?? (await look(ports)) ?? seen;
        continue;
      }
      await takeBack(ports, seen);
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

/** Nobody shall obey it later on. */
async function takeBack(ports: TransferPorts, seen: RawLease): Promise<void> {
  const lease = (await look(ports)) ?? seen;
  if (annotationOf(lease, transferAnnotation) === undefined) return;
  await send(ports, { id: 'update', body: withAnnotations(lease, { [transferAnnotation]: null }) });
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
