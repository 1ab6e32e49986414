/**
 * Users of the cluster and their kubeconfigs: with exactly the rights that the README asks for, or with none.
 */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClientCertificate, type KeyPair } from '../fixtures/certificates.ts';
import { mustCallApi, type ClusterAccess } from './api.ts';

export interface UserOptions {
  readonly namespace: string;
  /** The one Lease that the user may get, update and watch; null: the user may do nothing at all. */
  readonly lockName: string | null;
  /** Instead of the cluster's own URL, such as that of a proxy before it. */
  readonly server?: string;
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** A kubeconfig with a service account's token. */
export async function createServiceAccountUser(
  access: ClusterAccess,
  options: UserOptions,
): Promise<string> {
  const { namespace } = options;
  const name = `account-${randomUUID()}`;
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await mustCallApi(access, 'POST', accounts, { metadata: { name } });
  await grant(access, options, { kind: 'ServiceAccount', name, namespace });
  const made = await mustCallApi(access, 'POST', `${accounts}/${name}/token`, {
    spec: { expirationSeconds: 3_600 },
  });
  const { token } = (made as { status: { token: string } }).status;
  return writeKubeconfig(access, { ...options, user: { token } });
}

/** A kubeconfig with a client certificate in it. */
export async function createCertificateUser(
  access: ClusterAccess,
  options: UserOptions,
): Promise<string> {
  const name = `user-${randomUUID()}`;
  const pair = await createClientCertificate(access.ca, { user: name });
  await grant(access, options, { kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' });
  return writeKubeconfig(access, { ...options, user: certificateUser(pair) });
}

/** Creates cannot be restricted by name, so they are a rule of their own. */
async function grant(access: ClusterAccess, options: UserOptions, subject: object): Promise<void> {
  const { namespace, lockName } = options;
  if (lockName === null) return;
  const name = `lease-${randomUUID()}`;
  const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
  await mustCallApi(access, 'POST', `${rbac}/namespaces/${namespace}/roles`, {
    metadata: { name },
    rules: [
      { ...leases, verbs: ['create'] },
      { ...leases, verbs: ['get', 'update', 'watch'], resourceNames: [lockName] },
    ],
  });
  await mustCallApi(access, 'POST', `${rbac}/namespaces/${namespace}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [subject],
  });
}

/** The user entry of a kubeconfig for a client certificate. */
export function certificateUser({ cert, key }: KeyPair): object {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
}

/** Writes a kubeconfig (JSON is YAML) into the cluster's folder and gives its path. */
export function writeKubeconfig(
  access: Pick<ClusterAccess, 'url' | 'folder' | 'caFile'>,
  {
    user,
    namespace,
    server = access.url,
  }: { readonly user: object; readonly namespace?: string; readonly server?: string },
): string {
  const path = join(access.folder, `kubeconfig-${randomUUID()}`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': access.caFile } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
  };
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 });
  return path;
}
