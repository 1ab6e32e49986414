/**
 * What client-go refuses in a cluster and a user of a kubeconfig, before it connects and in its words: `tools/clientcmd/validation.go`,
 * and of `rest` and `transport` what they refuse whatever the server answers.
 */
import { accessSync, constants } from 'node:fs';
import { codeOf } from './errors.ts';
import { type JsonObject, isObject, listOf, objectOf, textOf } from '../json.ts';
import { proxyUrlProblem, withoutPassword } from './proxy.ts';

/** What is wrong with the cluster; null if nothing is. `isTls`: the server is https://. */
export function clusterProblem(name: string, cluster: JsonObject, isTls: boolean): string | null {
  const has = (key: string) => textOf(cluster[key]) !== null;
  const proxy = textOf(cluster['proxy-url']);
  const proxyProblem = proxy === null ? null : proxyUrlProblem(proxy);
  if (proxy !== null && proxyProblem !== null)
    return `invalid 'proxy-url' "${withoutPassword(proxy)}" for cluster "${name}": ${proxyProblem}`;
  if (has('certificate-authority') && has('certificate-authority-data'))
    return `certificate-authority-data and certificate-authority are both specified for ${name}`;
  const unreadable = unreadableFile(cluster, 'certificate-authority', name);
  if (unreadable !== null) return unreadable;
  const hasAuthority = has('certificate-authority') || has('certificate-authority-data');
  if (isTls && hasAuthority && cluster['insecure-skip-tls-verify'] === true)
    return `specifying a root certificates file with the insecure flag is not allowed: cluster "${name}" has both certificate-authority and insecure-skip-tls-verify`;
  return null;
}

/** What is wrong with the user; null if nothing is. */
export function userProblem(name: string, user: JsonObject, isTls: boolean): string | null {
  return (
    certificateProblem(name, user) ??
    execProblem(name, user) ??
    methodsProblem(name, user) ??
    impersonationProblem(name, user) ??
    // Where nothing is sent, nothing more is looked at.
    (isTls ? (providerProblem(name, user) ?? execVersionProblem(name, user)) : null)
  );
}

function certificateProblem(name: string, user: JsonObject): string | null {
  const has = (key: string) => textOf(user[key]) !== null;
  if (!has('client-certificate') && !has('client-certificate-data')) return null;
  if (has('client-certificate') && has('client-certificate-data'))
    return `client-cert-data and client-cert are both specified for ${name}`;
  if (has('client-key') && has('client-key-data'))
    return `client-key-data and client-key are both specified for ${name}`;
  if (!has('client-key') && !has('client-key-data'))
    return `client-key-data or client-key must be specified for ${name} to use the clientCert authentication method`;
  return (
    unreadableFile(user, 'client-certificate', name) ?? unreadableFile(user, 'client-key', name)
  );
}

function unreadableFile(section: JsonObject, key: string, name: string): string | null {
  const path = textOf(section[key]);
  if (path === null) return null;
  try {
    accessSync(path, constants.R_OK);
    return null;
  } catch (error) {
    return `unable to read ${key} ${path} for ${name}: ${codeOf(error) ?? 'unknown'}`;
  }
}

function execProblem(name: string, user: JsonObject): string | null {
  const { exec } = user;
  if (!isObject(exec)) return null;
  const missing = (what: string) =>
    `${what} must be specified for ${name} to use exec authentication plugin`;
  if (isObject(user['auth-provider']))
    return `authProvider cannot be provided in combination with an exec plugin for ${name}`;
  const command = textOf(exec['command']);
  if (command === null) return missing('command');
  if (textOf(exec['apiVersion']) === null) return missing('apiVersion');
  if (listOf(exec['env']).some((entry) => textOf(objectOf(entry)['name']) === null))
    return missing('env variable name');
  const mode = textOf(exec['interactiveMode']);
  if (mode === null && exec['apiVersion'] === execVersions[0]) return missing('interactiveMode');
  if (mode !== null && !interactiveModes.includes(mode))
    return `invalid interactiveMode for ${name}: "${mode}": it must be Never, IfAvailable or Always`;
  return null;
}

const execVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
const interactiveModes = ['Never', 'IfAvailable', 'Always'];

function execVersionProblem(name: string, { exec }: JsonObject): string | null {
  const version = textOf(objectOf(exec)['apiVersion']);
  if (version === null || execVersions.includes(version)) return null;
  return `exec plugin: invalid apiVersion "${version}" for ${name}: it must be ${execVersions.join(' or ')}`;
}

function methodsProblem(name: string, user: JsonObject): string | null {
  const hasToken = textOf(user['token']) !== null;
  const hasName = textOf(user['username']) !== null;
  if (hasToken && (hasName || textOf(user['password']) !== null))
    return `more than one authentication method found for ${name}; found [token basicAuth], only one is allowed`;
  if (hasName && textOf(user['tokenFile']) !== null)
    return `username/password or bearer token may be set for ${name}, but not both`;
  return null;
}

function impersonationProblem(name: string, user: JsonObject): string | null {
  const isAsked =
    textOf(user['as-uid']) !== null ||
    listOf(user['as-groups']).length > 0 ||
    Object.keys(objectOf(user['as-user-extra'])).length > 0;
  if (!isAsked || textOf(user['as']) !== null) return null;
  return `requesting uid, groups or user-extra for ${name} without impersonating a user`;
}

/** Providers that client-go has had, and what came in their place. */
const removedProviders: Readonly<Record<string, string>> = {
  gcp: 'use the exec plugin gke-gcloud-auth-plugin: https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl',
  azure: 'use the exec plugin kubelogin: https://github.com/Azure/kubelogin',
};

function providerProblem(name: string, user: JsonObject): string | null {
  const provider = user['auth-provider'];
  if (!isObject(provider)) return null;
  const kind = textOf(provider['name']) ?? '';
  const instead = removedProviders[kind];
  if (instead !== undefined)
    return `the ${kind} auth plugin of user "${name}" has been removed from Kubernetes clients: ${instead}`;
  if (kind !== 'oidc')
    return `no Auth Provider found for name "${kind}" of user "${name}": only oidc is known`;
  const settings = objectOf(provider['config']);
  const missing = ['idp-issuer-url', 'client-id'].find((key) => textOf(settings[key]) === null);
  return missing === undefined
    ? null
    : `Must provide ${missing} in auth-provider.config of user "${name}"`;
}
