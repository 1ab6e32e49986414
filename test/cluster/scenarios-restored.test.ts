import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overlaps } from '../fixtures/judge.ts';
import { Crowd } from './crowd.ts';
import { startCluster, type Cluster } from './server.ts';

const lostStatus = 75;

describe('etcd restored from a backup', () => {
  // Servers of its own: everybody else's would be set back as well.
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.close());

  it('G1: in which the lease was free: whoever saw the holder waits for its lease, and the holder stops', async ({
    onTestFinished,
  }) => {
    const crowd = await Crowd.form(cluster, onTestFinished, []);
    const first = crowd.start();
    await crowd.leader();
    await first.stop();
    await crowd.leaseWhen((lease) => lease?.spec.holderIdentity === '');
    const backup = await backUp(cluster);

    const leader = crowd.start({ workerFlags: ['--ignore-signals'] });
    await leader.workerSays('start');
    const standbys = [crowd.start(), crowd.start()];
    await crowd.standBy(...standbys);
    const before = await crowd.leaseWhen((lease) => lease?.spec.holderIdentity !== '');
    await restore(cluster, backup);
    await crowd
      .leaseWhen(
        (lease) =>
          Number(lease?.metadata.resourceVersion) < Number(before?.metadata.resourceVersion),
      )
      .catch(() => null);

    expect(await leader.ended).toMatchObject({ code: lostStatus });
    expect(leader.output.join('\n')).toMatch(
      /shows an older state of lease|was not renewed within/,
    );
    const successor = await crowd.leader();
    expect(standbys).toContain(successor);
    expect(overlaps(crowd.terms)).toEqual([]);
    expect(crowd.terms).toHaveLength(3);
  });
});

/** A copy of etcd's data, made while it does not run; the API server waits for it. */
async function backUp({ etcd, folder }: Cluster): Promise<string> {
  const backup = join(folder, 'backup');
  await etcd.stop();
  cpSync(join(folder, 'etcd'), backup, { recursive: true });
  await etcd.start();
  return backup;
}

/** The API server is left running: it is connected to the older state as soon as that is there, and leaders still lead. */
async function restore({ etcd, folder }: Cluster, backup: string): Promise<void> {
  await etcd.stop();
  rmSync(join(folder, 'etcd'), { recursive: true });
  cpSync(backup, join(folder, 'etcd'), { recursive: true });
  await etcd.start();
}
