/**
 * What a kubeconfig says, put so that client-node does what kubectl would: each function works round gaps of its KubeConfig.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import {
  newClusters,
  newUsers,
  type Cluster,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { execProviderName } from './exec-plugin.ts';
import { type JsonObject, type JsonValue, isObject, listOf, objectOf, textOf } from '../json.ts';
import { proxyFromEnvironment } from './proxy-environment.ts';

/** The cluster as client-node wants it. */
export function clientNodeCluster(server: URL, raw: JsonObject, env: NodeJS.ProcessEnv): Cluster {
  const cluster = dataFirst(raw, ['certificate-authority']);
  cluster['server'] = server.href;
  // client-node refuses http:// unless this is set; there is no TLS to verify.
  if (server.protocol === 'http:') cluster['insecure-skip-tls-verify'] = true;
  const proxy = textOf(raw['proxy-url']) ?? proxyFromEnvironment(server, env);
  if (proxy !== null) cluster['proxy-url'] = proxy;
  const [converted] = newClusters([{ name: 'cluster', cluster }]);
  if (converted === undefined) throw new Error('client-node lost the cluster');
  return converted;
}

/** The user as client-node wants it; also for a context without one, whose certificate authority it would ignore. */
export function clientNodeUser(raw: JsonObject): User {
  const user = dataFirst(raw, ['client-certificate', 'client-key']);
  // No word of kubectl's, but client-node would read it, once and for all.
  delete user['token-file'];
  const tokenFile = textOf(raw['tokenFile']);
  if (tokenFile !== null) {
    // client-node knows token files only as a provider. The file goes before a token beside it.
    delete user['token'];
    user['auth-provider'] = { name: 'tokenFile', config: { tokenFile } };
  }
  if (isObject(raw['exec'])) {
    delete user['exec'];
    user['auth-provider'] = { name: execProviderName };
  }
  const [converted] = newUsers([{ name: 'user', user }]);
  if (converted === undefined) throw new Error('client-node lost the user');
  return converted;
}

/** The section without those files beside which there is data: data goes first; client-node has it the other way round. */
function dataFirst(section: JsonObject, files: readonly string[]): Record<string, JsonValue> {
  const isOverridden = (key: string) => files.includes(key) && textOf(section[`${key}-data`]);
  return Object.fromEntries(Object.entries(section).filter(([key]) => !isOverridden(key)));
}

/** What client-node leaves out: it sends only `as`, and acting with other rights than the kubeconfig says would be worse than failing. */
export function impersonationHeaders(user: JsonObject): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  const uid = textOf(user['as-uid']);
  if (uid !== null) headers['Impersonate-Uid'] = uid;
  const groups = texts(user['as-groups']);
  if (groups.length > 0) headers['Impersonate-Group'] = groups;
  for (const [key, values] of Object.entries(objectOf(user['as-user-extra'])))
    headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = texts(values);
  return headers;
}

function texts(value: JsonValue | undefined): string[] {
  return listOf(value)
    .map((item) => textOf(item))
    .filter((item) => item !== null);
}
