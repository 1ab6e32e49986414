/**
 * A real etcd and a real kube-apiserver with RBAC, on loopback ports of their own, gone without a trace when closed.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createAuthority,
  createClientCertificate,
  createServerCertificate,
} from '../fixtures/certificates.ts';
import { freePort } from '../fixtures/free-port.ts';
import { callApi, type ClusterAccess } from './api.ts';
import { findBinaries, type Binaries } from './binaries.ts';
import { sayOnStderr, type Say } from './cache.ts';
import { Daemon, whenRunDies } from './daemon.ts';
import { certificateUser, writeKubeconfig } from './users.ts';

export interface ClusterOptions {
  /** Keep an audit log, to count requests for Leases; or one with what is in them, and of Pods and requests without an answer, too. */
  readonly audit?: boolean | 'bodies';
  /** Hears what is being built. */
  readonly say?: Say;
}

export interface Cluster extends ClusterAccess {
  readonly etcdUrl: string;
  /** Both may be stopped, killed and started again; they keep their ports and their data. */
  readonly etcd: Daemon;
  readonly apiserver: Daemon;
  /** Ends both and removes everything that they wrote. */
  readonly close: () => Promise<void>;
}

/** Starts a cluster and resolves when it answers `/readyz` and has its default namespace. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { audit = false, say = sayOnStderr } = options;
  const binaries = await findBinaries(say);
  const folder = mkdtempSync(join(tmpdir(), 'leader-run-cluster-'));
  // Once the servers, which their own watchdogs kill, write no more.
  const disarm = whenRunDies('sleep 1; rm -rf "$1"', folder);
  const etcdUrl = `http://127.0.0.1:${await freePort()}`;
  const access = await writeAccess(folder, binaries.clientGo, audit !== false);
  const etcd = await createEtcd(binaries, folder, etcdUrl);
  const apiserver = createApiserver(binaries, access, etcdUrl, audit);
  const close = async () => {
    await apiserver.stop();
    await etcd.stop();
    rmSync(folder, { recursive: true, force: true });
    disarm();
  };
  try {
    await etcd.start();
    await apiserver.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { ...access, etcdUrl, etcd, apiserver, close };
}

/** Makes keys and certificates and everything else that clients need to know. */
async function writeAccess(
  folder: string,
  clientGo: string,
  audit: boolean,
): Promise<ClusterAccess> {
  const ca = await createAuthority('cluster test');
  const admin = await createClientCertificate(ca, { user: 'admin', group: 'system:masters' });
  const server = await createServerCertificate(ca);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const caFile = join(folder, 'ca.crt');
  writeFileSync(caFile, ca.cert);
  writeFileSync(join(folder, 'server.crt'), server.cert);
  writeFileSync(join(folder, 'server.key'), server.key);
  writeFileSync(join(folder, 'accounts.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const url = `https://127.0.0.1:${await freePort()}`;
  const auditLog = audit ? join(folder, 'audit.log') : null;
  const user = certificateUser(admin);
  const adminKubeconfig = writeKubeconfig({ url, folder, caFile }, { user });
  return { url, folder, ca, caFile, admin, adminKubeconfig, auditLog, clientGo };
}

async function createEtcd(binaries: Binaries, folder: string, url: string): Promise<Daemon> {
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  return new Daemon({
    name: 'etcd',
    path: binaries.etcd,
    args: [
      ...['--data-dir', join(folder, 'etcd')],
      ...['--listen-client-urls', url, '--advertise-client-urls', url],
      ...['--listen-peer-urls', peerUrl],
      ...['--unsafe-no-fsync', '--log-level=error'],
    ],
    logFile: join(folder, 'etcd.log'),
    isReady: async () => (await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) })).ok,
  });
}

function createApiserver(
  binaries: Binaries,
  access: ClusterAccess,
  etcdUrl: string,
  audit: boolean | 'bodies',
): Daemon {
  const file = (name: string) => join(access.folder, name);
  return new Daemon({
    name: 'kube-apiserver',
    path: binaries.apiserver,
    args: [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${new URL(access.url).port}`,
      `--cert-dir=${access.folder}`,
      `--tls-cert-file=${file('server.crt')}`,
      `--tls-private-key-file=${file('server.key')}`,
      `--client-ca-file=${access.caFile}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('accounts.key')}`,
      `--service-account-signing-key-file=${file('accounts.key')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--endpoint-reconciler-type=none',
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
      ...auditFlags(access, audit === 'bodies'),
    ],
    logFile: file('kube-apiserver.log'),
    isReady: async () => {
      const ready = await callApi(access, 'GET', '/readyz');
      // The default namespace is made by a controller that readiness does not wait for.
      return (
        ready.status === 200 &&
        (await callApi(access, 'GET', '/api/v1/namespaces/default')).status === 200
      );
    },
  });
}

function auditFlags({ auditLog, folder }: ClusterAccess, hasBodies: boolean): string[] {
  if (auditLog === null) return [];
  const policyFile = join(folder, 'audit-policy.json');
  const leases = { group: 'coordination.k8s.io', resources: ['leases'] };
  const rules = hasBodies
    ? [
        { level: 'None', verbs: ['get', 'list', 'watch'] },
        { level: 'RequestResponse', resources: [leases, { group: '', resources: ['pods'] }] },
      ]
    : [{ level: 'Metadata', resources: [leases] }];
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: hasBodies ? [] : ['RequestReceived'],
    omitManagedFields: true,
    rules: [...rules, { level: 'None' }],
  };
  writeFileSync(policyFile, JSON.stringify(policy));
  // One file, however long: in MiB.
  const log = [`--audit-log-path=${auditLog}`, '--audit-log-maxsize=4000'];
  return [`--audit-policy-file=${policyFile}`, ...log];
}
