/** What a person or a script wants to know of one Lease, whoever wrote it and whatever is missing in it. */
import type { JsonObject } from '../json.ts';
import type { RawLease } from '../election/lease.ts';
import { readRecord } from '../election/record.ts';
import { type Run, readRuns } from '../election/runs.ts';
import { parseTimeMs } from '../election/time.ts';
import { objectOf, textOf } from '../json.ts';
import { podAnnotation, readPodNote } from './pod-note.ts';

/** The fields of `-o json`; times are those of the record, RFC 3339. Null: the Lease does not say. */
export interface LeaseRow {
  readonly lock: string;
  readonly exists: boolean;
  /** Whether the holder has renewed within the duration that it asks others to wait, by the API server's clock. */
  readonly leads: boolean;
  readonly holder: string | null;
  readonly acquireTime: string | null;
  readonly renewTime: string | null;
  readonly expireTime: string | null;
  readonly leaseDurationSeconds: number | null;
  readonly leaseTransitions: number | null;
  /** Of leader-run: identity@acquireTime. */
  readonly term: string | null;
  readonly pod: string | null;
  readonly podLabel: string | null;
  /** Of `--once`, newest first; null: what the Lease says of runs cannot be read. */
  readonly runs: readonly Run[] | null;
  readonly resourceVersion: string | null;
}

/** `nowMs` is the server's time: its Date header says whole seconds, so that a lease counts for up to a second longer. */
export function rowOf(lease: RawLease, nowMs: number): LeaseRow {
  const record = readRecord(lease);
  const metadata = objectOf(lease['metadata']);
  const spec = objectOf(lease['spec']);
  const renewedMs = parseTimeMs(record.renewTime ?? '');
  const hasExpiry = renewedMs !== null && record.leaseDurationMs !== null;
  const expiresMs = hasExpiry ? renewedMs + record.leaseDurationMs : null;
  const isHeld = record.holder !== '';
  const pod = readPodNote(objectOf(metadata['annotations'])[podAnnotation]);
  return {
    lock: `${textOf(metadata['namespace']) ?? ''}/${textOf(metadata['name']) ?? ''}`,
    exists: true,
    leads: isHeld && expiresMs !== null && expiresMs > nowMs,
    holder: isHeld ? record.holder : null,
    acquireTime: record.acquireTime,
    renewTime: record.renewTime,
    expireTime: isHeld && expiresMs !== null ? timeOf(expiresMs) : null,
    leaseDurationSeconds: record.leaseDurationMs === null ? null : record.leaseDurationMs / 1000,
    leaseTransitions: typeof spec['leaseTransitions'] === 'number' ? record.transitions : null,
    term: record.term,
    pod: pod?.name ?? null,
    podLabel: pod?.label ?? null,
    runs: readRuns(lease),
    resourceVersion: textOf(metadata['resourceVersion']),
  };
}

export function missingRow(lock: string): LeaseRow {
  return { ...rowOf({} satisfies JsonObject, 0), lock, exists: false };
}

/** A duration that a foreign record asks for may lead out of all dates. */
function timeOf(ms: number): string | null {
  return Math.abs(ms) > 8.64e15 ? null : new Date(ms).toISOString();
}
