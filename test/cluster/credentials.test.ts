import { beforeEach, describe, expect, inject, it } from 'vitest';
import { createNamespace, readLease } from './api.ts';
import { startLeaderRun } from './candidates.ts';
import { createCertificateUser, createServiceAccountUser } from './users.ts';

const cluster = inject('cluster');
const lockName = 'credentials';

const users = [
  ["a service account's token", createServiceAccountUser],
  ['a client certificate', createCertificateUser],
] as const;

describe.each(users)('as a user with %s', (_, createUser) => {
  let namespace: string;

  beforeEach(async () => {
    namespace = await createNamespace(cluster);
  });

  it('leads and releases with no other rights than get, create, update and watch on the one Lease', async () => {
    const kubeconfig = await createUser(cluster, { namespace, lockName });
    const candidate = startLeaderRun({ kubeconfig, lockName, flags: ['--id', 'ours'] });
    await candidate.workerSays('start');
    const held = await readLease(cluster, namespace, lockName);
    expect(held?.spec).toMatchObject({ holderIdentity: 'ours', leaseDurationSeconds: 15 });

    expect(await candidate.stop()).toEqual({ code: 0, signal: null });
    const released = await readLease(cluster, namespace, lockName);
    expect(released?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    expect(candidate.output.join('\n')).not.toMatch(/forbidden|polling/i);
  });

  it('without rights it starts no command, says what to grant and ends with 125', async () => {
    const kubeconfig = await createUser(cluster, { namespace, lockName: null });
    const candidate = startLeaderRun({ kubeconfig, lockName });
    expect(await candidate.ended).toEqual({ code: 125, signal: null });
    expect(candidate.output.join('\n')).toMatch(
      /forbidden.*grant get, create, update and watch on leases\.coordination\.k8s\.io/,
    );
    expect(candidate.workerLines).toEqual([]);
    expect(await readLease(cluster, namespace, lockName)).toBeNull();
  });
});
