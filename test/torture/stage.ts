/** Where a run of torture takes place: its folder, programs in C, servers, and a user, a network and a Pod for each candidate. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callApi, mustCallApi } from '../cluster/api.ts';
import { buildRecorder } from '../cluster/binaries.ts';
import { whenRunDies } from '../cluster/daemon.ts';
import { startCluster, type Cluster } from '../cluster/server.ts';
import { certificateUser, writeKubeconfig } from '../cluster/users.ts';
import { createClientCertificate } from '../fixtures/certificates.ts';
import { files } from './history.ts';
import { Network } from './network.ts';

export const namespace = 'torture';
/** The Leases that are fought for: by services that run on, and by jobs of which each runs once. */
export const locks = { work: `${namespace}/work`, cron: `${namespace}/cron` } as const;
export const podLabel = 'torture=leads';

/** What belongs to one candidate, whatever leader-run of it runs. */
export interface Seat {
  readonly name: string;
  readonly network: Network;
  readonly kubeconfig: string;
  /** What libfaketime reads; null where that is not installed. */
  readonly clockFile: string | null;
}

export interface Stage {
  readonly folder: string;
  readonly cluster: Cluster;
  readonly seats: readonly Seat[];
  readonly clientGo: string;
  readonly close: () => Promise<void>;
}

/** False: there is no C compiler, without which there are no commands. */
export function compile(folder: string): boolean {
  for (const name of ['command', 'observer']) {
    const source = join(import.meta.dirname, `${name}.c`);
    const flags = ['-O2', '-static', '-Wall', '-o', join(folder, name), source];
    try {
      execFileSync('cc', flags, { stdio: ['ignore', 'inherit', 'inherit'] });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }
  return true;
}

/** Debian's place for it; null where it is not installed. */
export const libfaketime =
  ['x86_64', 'aarch64']
    .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
    .find((path) => existsSync(path)) ?? null;

export async function setStage(folder: string, names: readonly string[]): Promise<Stage> {
  mkdirSync(join(folder, files.stamps), { recursive: true });
  for (const name of [files.faults, files.audit]) writeFileSync(join(folder, name), '');
  const say = (line: string) => process.stderr.write(`torture: ${line}\n`);
  const clientGo = await buildRecorder(say);
  const cluster = await startCluster({ audit: 'bodies', say });
  const disarm = whenRunDies(
    'for each in /proc/[0-9]*; do [ $each = /proc/$$ ] || ! grep -q -F "$1" $each/cmdline || kill -KILL ${each#/proc/}; done',
    folder,
  );
  const observer = await startObserver(folder);
  await mustCallApi(cluster, 'POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await mustCallApi(cluster, 'POST', `${rbac}/roles`, role);
  if (libfaketime !== null) writeClockedNode(folder, libfaketime);
  const seats = await Promise.all(names.map((name) => takeSeat(cluster, folder, name)));
  const close = async () => {
    await endObserver(observer);
    disarm();
    for (const { network } of seats) network.close();
    writeFileSync(join(folder, files.audit), readFileSync(cluster.auditLog ?? ''));
    await cluster.close();
  };
  return { folder, cluster, seats, clientGo, close };
}

const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
const role = {
  metadata: { name: 'candidate' },
  rules: [
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      verbs: ['create', 'get', 'update', 'watch'],
    },
    { apiGroups: [''], resources: ['pods'], verbs: ['patch'] },
  ],
};

async function takeSeat(cluster: Cluster, folder: string, name: string): Promise<Seat> {
  const pair = await createClientCertificate(cluster.ca, { user: name });
  const network = await Network.start(cluster.url);
  const server = `https://127.0.0.1:${network.port}`;
  // In the run's folder: it stays readable until the last process has ended, and marks each command line.
  const place = { url: cluster.url, folder, caFile: cluster.caFile };
  const kubeconfig = writeKubeconfig(place, { user: certificateUser(pair), namespace, server });
  await giveRights(cluster, name);
  await mustCallApi(cluster, 'POST', `/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name },
    spec: { containers: [{ name: 'worker', image: 'none' }] },
  });
  const clockFile = libfaketime === null ? null : join(folder, `clock-${name}`);
  if (clockFile !== null) writeFileSync(clockFile, '+0');
  return { name, network, kubeconfig, clockFile };
}

/** Also if it has them, as after a request whose answer was lost. */
export async function giveRights(cluster: Cluster, name: string): Promise<void> {
  const { status } = await callApi(cluster, 'POST', `${rbac}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'candidate' },
    subjects: [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }],
  });
  if (status !== 201 && status !== 409) throw new Error(`a RoleBinding was answered ${status}`);
}

export async function takeRights(cluster: Cluster, name: string): Promise<void> {
  await mustCallApi(cluster, 'DELETE', `${rbac}/rolebindings/${name}`);
}

/** A `node` whose wall clock is another. The clocks of deadlines are left alone: no two clocks of one machine may run apart. */
function writeClockedNode(folder: string, library: string): void {
  mkdirSync(join(folder, 'bin'));
  const variables = 'FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1';
  const script = `#!/bin/sh
export LD_PRELOAD=${library} FAKETIME_TIMESTAMP_FILE="$TORTURE_CLOCK" FAKETIME_CACHE_DURATION=1 ${variables}
exec ${process.execPath} "$@"
`;
  writeFileSync(join(folder, 'bin/node'), script, { mode: 0o755 });
}

async function startObserver(folder: string): Promise<ChildProcess> {
  const output = openSync(join(folder, files.observer), 'w');
  const stdio = ['pipe', output, 'inherit'] as const;
  const observer = spawn(join(folder, 'observer'), [join(folder, files.stamps)], {
    stdio: [...stdio],
    detached: true,
  });
  closeSync(output);
  await once(observer, 'spawn');
  return observer;
}

async function endObserver(observer: ChildProcess): Promise<void> {
  const ended = once(observer, 'exit');
  observer.stdin?.end();
  await ended;
}

/** Milliseconds of CLOCK_BOOTTIME, as the stamps have it. /proc/uptime moves in steps of 10 ms: one is waited for. */
export const bootNowMs = (() => {
  const read = () => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1_000;
  const first = read();
  let tick = first;
  while (tick === first) tick = read();
  const offsetMs = tick - performance.now();
  return () => performance.now() + offsetMs;
})();
