import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { createNamespace, leasePath, mustCallApi, readLease, type StoredLease } from './api.ts';
import { startLeaderRun, type Candidate } from './candidates.ts';
import { createServiceAccountUser } from './users.ts';

const cluster = inject('cluster');
const lockName = 'edited';
const retryPeriodMs = 2_000;

describe('a Lease changed by hand under a leader', () => {
  let namespace: string;
  let leader: Candidate;

  beforeEach(async () => {
    namespace = await createNamespace(cluster);
    const kubeconfig = await createServiceAccountUser(cluster, { namespace, lockName });
    leader = startLeaderRun({ kubeconfig, lockName, flags: ['--id', 'ours'] });
    await leader.workerSays('start');
  });

  const byHand = (method: string, body?: object) =>
    mustCallApi(cluster, method, leasePath(namespace, lockName), body);

  it('another holder: the command gets its stop signal within a retry period, the status is 75, the record stays as edited', async () => {
    const editedMs = Date.now();
    const edited = await byHand('PATCH', { spec: { holderIdentity: 'someone-else' } });
    const told = await leader.workerSays('signal');
    expect(told.atMs - editedMs).toBeLessThan(retryPeriodMs);
    expect(await leader.ended).toEqual({ code: 75, signal: null });
    expect(await readLease(cluster, namespace, lockName)).toEqual(edited);
  });

  it('deleted: it carries on with the same command and a new record, leaseTransitions 0', async () => {
    const before = await readLease(cluster, namespace, lockName);
    await byHand('DELETE');
    const after = await storedWhen((lease) => lease !== null);
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(after?.spec).toMatchObject({ holderIdentity: 'ours', leaseTransitions: 0 });
    await expectCarriesOn();
  });

  it('cleared: it puts itself back in the same term', async () => {
    const before = await readLease(cluster, namespace, lockName);
    await byHand('PATCH', { spec: { holderIdentity: '' } });
    const after = await storedWhen((lease) => lease?.spec.holderIdentity !== '');
    const { acquireTime, leaseTransitions } = before?.spec ?? {};
    expect(after?.spec).toMatchObject({ holderIdentity: 'ours', acquireTime, leaseTransitions });
    await expectCarriesOn();
  });

  async function storedWhen(holds: (lease: StoredLease | null) => boolean) {
    for (;;) {
      const lease = await readLease(cluster, namespace, lockName);
      if (holds(lease)) return lease;
      await delay(20);
    }
  }

  /** It renews once more, and its one and only worker was told nothing until we end it. */
  async function expectCarriesOn(): Promise<void> {
    const { renewTime } = (await readLease(cluster, namespace, lockName))?.spec ?? {};
    await storedWhen((lease) => lease !== null && lease.spec.renewTime !== renewTime);
    expect(leader.workerLines.filter(({ event }) => event !== 'beat')).toHaveLength(1);
    expect(await leader.stop()).toEqual({ code: 0, signal: null });
    expect((await readLease(cluster, namespace, lockName))?.spec.holderIdentity).toBe('');
  }
});
