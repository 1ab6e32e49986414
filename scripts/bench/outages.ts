/**
 * Outages of the API server in a row, each of which loses the lease: how long after the server's return the command runs again, with
 * `--on-lost rejoin`, and with a kubelet that starts the container again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { certificateUser, writeKubeconfig } from '../../test/cluster/users.ts';
import { Proxy } from '../../test/fixtures/proxy.ts';
import { freshLock, type Stage } from './stage.ts';

/** Of each outage, ms. */
export interface Outages {
  readonly rejoin: readonly number[];
  readonly restart: readonly number[];
}

/**
 * Kubernetes' back-off: the first restart comes at once, the second 10 s after the end, and each further one after twice as long, up to
 * 5 minutes (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy).
 */
function backOffMs(restarts: number): number {
  return restarts === 0 ? 0 : Math.min(10_000 * 2 ** (restarts - 1), 300_000);
}

const timing = ['--lease-duration', '4s', '--renew-deadline', '2s', '--retry-period', '1s'];

export async function measureOutages(stage: Stage): Promise<Outages> {
  const { cluster, programs, plan } = stage;
  const proxy = await Proxy.start(cluster.url);
  const server = `https://127.0.0.1:${proxy.port}`;
  const kubeconfig = writeKubeconfig(cluster, { user: certificateUser(cluster.admin), server });
  const starter = (flags: readonly string[]) => {
    const lock = freshLock();
    return () => programs['leader-run'].start({ lock, kubeconfig, flags: [...timing, ...flags] });
  };
  const rejoining = starter(['--on-lost', 'rejoin'])();
  const start = starter([]);
  let restarted = start();
  const outages = { rejoin: [] as number[], restart: [] as number[] };
  for (let outage = 0; outage < plan.outages; outage += 1) {
    await Promise.all([rejoining.startedAfter(0), restarted.started()]);
    proxy.freeze();
    const lostAtMs = Date.now();
    await Promise.all([restarted.closed(), rejoining.line('Back to waiting', outage + 1)]);
    const endedAtMs = Date.now();
    proxy.thaw();
    const restart = pause(endedAtMs + backOffMs(outage) - Date.now()).then(
      () => (restarted = start()),
    );
    outages.rejoin.push((await rejoining.startedAfter(lostAtMs)) - endedAtMs);
    outages.restart.push((await (await restart).started()) - endedAtMs);
  }
  await Promise.all([rejoining.end(), restarted.end()]);
  await proxy.close();
  return outages;
}
