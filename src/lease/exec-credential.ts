/** What passes between leader-run and an exec plugin, https://kubernetes.io/docs/reference/config-api/client-authentication.v1/. */
import { readFileSync } from 'node:fs';
import { firstLine } from './errors.ts';
import { type JsonObject, isObject, listOf, objectOf, textOf } from '../json.ts';
import { jsonOf, parseYaml } from './yaml.ts';

/** What a plugin gave. */
export interface Credential {
  readonly token: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
  /** Unix time; `Infinity` if it does not expire. */
  readonly expiresAtMs: number;
}

/** What the plugin finds in $KUBERNETES_EXEC_INFO. `cluster` is that of the kubeconfig. Throws if its authority cannot be read. */
export function execInfo(exec: JsonObject, cluster: JsonObject, isInteractive: boolean): string {
  const info = {
    kind: 'ExecCredential',
    apiVersion: textOf(exec['apiVersion']),
    spec: {
      ...(exec['provideClusterInfo'] === true && { cluster: clusterInfo(cluster) }),
      interactive: isInteractive,
    },
  };
  // With a line break, as client-go has it.
  return `${JSON.stringify(info)}\n`;
}

/** The authority goes along as data, wherever it is from. */
function clusterInfo(cluster: JsonObject): object {
  const file = textOf(cluster['certificate-authority']);
  const authority =
    file === null
      ? textOf(cluster['certificate-authority-data'])
      : readFileSync(file).toString('base64');
  const config = listOf(cluster['extensions'])
    .map(objectOf)
    .find(({ name }) => name === 'client.authentication.k8s.io/exec')?.['extension'];
  return {
    server: cluster['server'],
    ...(textOf(cluster['tls-server-name']) && { 'tls-server-name': cluster['tls-server-name'] }),
    ...(cluster['insecure-skip-tls-verify'] === true && { 'insecure-skip-tls-verify': true }),
    ...(authority && { 'certificate-authority-data': authority }),
    ...(textOf(cluster['proxy-url']) && { 'proxy-url': cluster['proxy-url'] }),
    ...(cluster['disable-compression'] === true && { 'disable-compression': true }),
    config: config ?? null,
  };
}

const textFields = ['token', 'clientCertificateData', 'clientKeyData', 'expirationTimestamp'];

/** Reads what the plugin printed: JSON or YAML. Throws an error that says what `plugin` did wrong, and quotes no credential. */
export function readCredential(plugin: string, output: Buffer, apiVersion: string): Credential {
  const rubbish = (why: string): Error => new Error(`${plugin} printed ${why}`);
  const printed = parsed(output);
  if (printed === null) {
    const said = firstLine(output.toString()).slice(0, 60);
    throw rubbish(`neither JSON nor YAML but "${said}"`);
  }
  if (printed['kind'] !== 'ExecCredential') throw rubbish('no ExecCredential object');
  if (textOf(printed['apiVersion']) !== apiVersion)
    throw rubbish(
      `apiVersion "${textOf(printed['apiVersion']) ?? ''}": the kubeconfig asks for "${apiVersion}"`,
    );

  const status = objectOf(printed['status']);
  const wrong = textFields.find(
    (key) => !['string', 'undefined'].includes(typeof (status[key] ?? undefined)),
  );
  if (wrong !== undefined) throw rubbish(`a ${wrong} that is not text`);
  const token = textOf(status['token']);
  const certificate = textOf(status['clientCertificateData']);
  const key = textOf(status['clientKeyData']);
  if ((certificate === null) !== (key === null))
    throw rubbish('only one of a client certificate and its key');
  if (token === null && certificate === null)
    throw rubbish('neither a token nor a client certificate with its key');
  const expires = textOf(status['expirationTimestamp']);
  const expiresAtMs = expires === null ? Infinity : Date.parse(expires);
  if (Number.isNaN(expiresAtMs)) throw rubbish(`expirationTimestamp "${String(expires)}"`);
  return { token, certificate, key, expiresAtMs };
}

function parsed(output: Buffer): JsonObject | null {
  try {
    const value = jsonOf(parseYaml(output));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
