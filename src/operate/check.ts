/**
 * `leader-run check`: whether the term that the command runs under is still the stored one, by one linearizable GET.
 *
 * The answer is as old as the request. Whoever must not write too late lets the storage check the fencing token.
 */
import type { Failure } from '../election/lease.ts';
import { readRecord, termOf, termOfRecord } from '../election/record.ts';
import { parseTimeMs } from '../election/time.ts';
import type { ApiClient } from '../lease/client.ts';

/** What the command's environment says of its term. */
export interface CheckedTerm {
  readonly namespace: string;
  readonly lockName: string;
  readonly identity: string;
  readonly acquireTime: string;
  /** After its last renewal the term is believed for so long. */
  readonly renewDeadlineMs: number;
}

export type CheckResult =
  | { readonly id: 'leads' }
  | { readonly id: 'lost'; readonly message: string }
  | { readonly id: 'failed'; readonly message: string };

export interface CheckPorts {
  readonly api: ApiClient;
  /** Why a request failed, and what to grant if it was forbidden. */
  readonly describe: (failure: Failure, rights: string) => string;
  /** Unix time, on the machine of the leader, whose clock wrote the record. */
  readonly wallMs: () => number;
  readonly timeoutMs: number;
}

export async function checkTerm(
  term: CheckedTerm,
  { api, describe, wallMs, timeoutMs }: CheckPorts,
): Promise<CheckResult> {
  const { namespace, lockName, identity, acquireTime, renewDeadlineMs } = term;
  const lock = `lease "${namespace}/${lockName}"`;
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${lockName}`;
  const reply = await api.request('GET', path, null, timeoutMs);
  if (reply.id === 'not-found') return lost(`Not leading ${lock}: it does not exist`);
  if (reply.id === 'conflict') return lost(`Not leading ${lock}: the server reports a conflict`);
  if (reply.id === 'failed') {
    const why = describe(reply.failure, 'get on leases.coordination.k8s.io');
    return { id: 'failed', message: `Cannot check ${lock}: ${why}` };
  }
  const record = readRecord(reply.object);
  if (record.holder === '') return lost(`Not leading ${lock}: no one holds it`);
  if (termOfRecord(record) !== termOf(identity, acquireTime))
    return lost(`Not leading ${lock}: it is held by ${JSON.stringify(record.holder)} now`);
  const renewedMs = parseTimeMs(record.renewTime ?? '') ?? -Infinity;
  if (wallMs() - renewedMs >= renewDeadlineMs)
    return lost(`Not leading ${lock}: it was last renewed at ${record.renewTime ?? 'no time'}`);
  return { id: 'leads' };
}

function lost(message: string): CheckResult {
  return { id: 'lost', message };
}
