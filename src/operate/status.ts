/** `leader-run status`: who leads, for a person in a terminal and for a script. Reads Leases of any program, and only reads. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../json.ts';
import type { Failure } from '../election/lease.ts';
import type { ApiClient, ApiReply } from '../lease/client.ts';
import { listOf, objectOf, textOf } from '../json.ts';
import { missingRow, rowOf, type LeaseRow } from './lease-row.ts';
import { tableLines } from './table.ts';

export interface StatusRequest {
  /** null: all namespaces. */
  readonly namespace: string | null;
  /** null: all Leases there. */
  readonly lockName: string | null;
  readonly output: 'table' | 'wide' | 'json';
  readonly isWatching: boolean;
}

export interface StatusPorts {
  readonly api: ApiClient;
  /** False: nothing can be written any more. */
  readonly print: (text: string) => boolean;
  /** Of stdout; null: it is not a terminal. */
  readonly terminal: () => { readonly columns: number; readonly rows: number } | null;
  readonly hasColour: boolean;
  /** Why a request failed, and what to grant if it was forbidden. */
  readonly describe: (failure: Failure, rights: string) => string;
  readonly warn: (message: string) => void;
  readonly wallMs: () => number;
  /** From one look to the next while watching. */
  readonly watchEveryMs: number;
}

/** 0: at least one is led; 1: none is; 125: failure. */
export type StatusCode = 0 | 1 | 125;

const requestTimeoutMs = 10_000;
/** Answers are bounded, and a cluster has a Lease for each of its nodes. */
const pageSize = 500;

interface Seen {
  readonly id: 'seen';
  readonly rows: readonly LeaseRow[];
  /** The server's time. */
  readonly nowMs: number;
}

type Look = Seen | { readonly id: 'failed'; readonly message: string };

/** Prints the state, and with `isWatching` again as it changes, until stdout is closed. */
export async function showStatus(request: StatusRequest, ports: StatusPorts): Promise<StatusCode> {
  const first = await look(request, ports);
  if (first.id === 'failed') {
    ports.warn(first.message);
    return 125;
  }
  const screen = createScreen(request, ports);
  let canPrint = screen.show(first);
  // As kubectl says it, and not in what scripts read.
  if (first.rows.length === 0)
    ports.warn(`No Leases in ${placeOf(request.namespace, 'any namespace')}`);
  while (request.isWatching && canPrint) {
    await sleep(ports.watchEveryMs);
    const next = await look(request, ports);
    if (next.id === 'seen') canPrint = screen.show(next);
    else {
      ports.warn(`${next.message}; retrying`);
      screen.leave();
    }
  }
  return first.rows.some(({ leads }) => leads) ? 0 : 1;
}

async function look(request: StatusRequest, ports: StatusPorts): Promise<Look> {
  const { namespace, lockName } = request;
  return lockName === null || namespace === null
    ? lookAtAll(namespace, ports)
    : lookAtOne(namespace, lockName, ports);
}

async function lookAtOne(namespace: string, name: string, ports: StatusPorts): Promise<Look> {
  const lock = `${namespace}/${name}`;
  const reply = await get(`${pathOf(namespace)}/${name}`, ports);
  const nowMs = timeOf(reply, ports);
  if (reply.id === 'object') return { id: 'seen', rows: [rowOf(reply.object, nowMs)], nowMs };
  if (reply.id === 'not-found') return { id: 'seen', rows: [missingRow(lock)], nowMs };
  return failed(`Cannot read lease "${lock}"`, reply, 'get on leases.coordination.k8s.io', ports);
}

async function lookAtAll(namespace: string | null, ports: StatusPorts): Promise<Look> {
  const leases: JsonObject[] = [];
  let nowMs = 0;
  let next: string | null = '';
  while (next !== null) {
    const query = new URLSearchParams({ limit: String(pageSize), continue: next });
    const reply = await get(`${pathOf(namespace)}?${query.toString()}`, ports);
    if (reply.id !== 'object') {
      const what = `Cannot list leases in ${placeOf(namespace, 'all namespaces')}`;
      return failed(what, reply, 'list on leases.coordination.k8s.io', ports);
    }
    nowMs = timeOf(reply, ports);
    leases.push(...listOf(reply.object['items']).map((item) => objectOf(item)));
    next = textOf(objectOf(reply.object['metadata'])['continue']);
  }
  return { id: 'seen', rows: leases.map((lease) => rowOf(lease, nowMs)), nowMs };
}

function placeOf(namespace: string | null, otherwise: 'all namespaces' | 'any namespace'): string {
  return namespace === null ? otherwise : `namespace "${namespace}"`;
}

function get(path: string, { api }: StatusPorts): Promise<ApiReply> {
  return api.request('GET', path, null, requestTimeoutMs);
}

function pathOf(namespace: string | null): string {
  const scope = namespace === null ? '' : `/namespaces/${namespace}`;
  return `/apis/coordination.k8s.io/v1${scope}/leases`;
}

/** Where a proxy leaves the header out, this machine's clock has to do. */
function timeOf(reply: ApiReply, { wallMs }: StatusPorts): number {
  return (reply.id === 'object' ? reply.serverTimeMs : null) ?? wallMs();
}

function failed(what: string, reply: ApiReply, rights: string, { describe }: StatusPorts): Look {
  const failure: Failure =
    reply.id === 'failed'
      ? reply.failure
      : { reason: 'status', status: 404, message: '', retryAfterMs: null };
  return { id: 'failed', message: `${what}: ${describe(failure, rights)}` };
}

interface Screen {
  show(seen: Seen): boolean;
  /** Something else was written below: the next table follows that. */
  leave(): void;
}

/** In a terminal each table takes the place of the one before; elsewhere it is printed when something but a renewal has changed. */
function createScreen(request: StatusRequest, ports: StatusPorts): Screen {
  let drawnLines = 0;
  let shown = '';
  return {
    leave: () => (drawnLines = 0),
    show: (seen) => {
      const size = request.isWatching && request.output !== 'json' ? ports.terminal() : null;
      if (size !== null) {
        const lines = linesOf(seen, request, ports, size.columns).slice(0, size.rows - 1);
        const back = drawnLines === 0 ? '' : `\u001b[${drawnLines}A\u001b[J`;
        drawnLines = lines.length;
        return ports.print(`${back}${lines.join('\n')}\n`);
      }
      const state = JSON.stringify(seen.rows.map(lastingOf));
      if (state === shown) return true;
      shown = state;
      return ports.print(`${linesOf(seen, request, ports, null).join('\n')}\n`);
    },
  };
}

/** What does not change by a renewal. */
function lastingOf({ lock, exists, leads, holder, acquireTime, leaseTransitions }: LeaseRow) {
  return [lock, exists, leads, holder, acquireTime, leaseTransitions];
}

function linesOf(
  { rows, nowMs }: Seen,
  { output, isWatching, lockName }: StatusRequest,
  { hasColour }: StatusPorts,
  columns: number | null,
): string[] {
  if (output !== 'json') {
    return tableLines(rows, nowMs, { isWide: output === 'wide', hasColour, columns });
  }
  const value = lockName === null ? rows : rows[0];
  // While watching, one line for each state, as jq likes it.
  return [JSON.stringify(value, null, isWatching ? undefined : 2)];
}
