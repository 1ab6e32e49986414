/**
 * Credentials from an exec plugin (`aws eks get-token`, `gke-gcloud-auth-plugin` …), registered with client-node as an
 * authenticator of our own.
 *
 * client-node's own ExecAuth leaves the plugin's stdin open, gives it no KUBERNETES_EXEC_INFO, waits for it for ever, believes
 * whatever it prints and cannot be told to ask again after a 401.
 */
import { execFile } from 'node:child_process';
import type { RequestOptions } from 'node:https';
import type { Authenticator } from '@kubernetes/client-node/dist/auth.js';
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import { codeOf, messageOf, firstLine } from './errors.ts';
import { type JsonObject, isObject, listOf, objectOf, textOf } from '../json.ts';

/** A plugin may print this much. */
const outputLimitBytes = 1 << 20;

/** What the plugin is and what it gets to know. */
export interface ExecPluginOptions {
  /** The `exec` section of the user. */
  readonly exec: JsonObject;
  /** The `cluster` section of the kubeconfig, passed on if the plugin asks for it. */
  readonly cluster: JsonObject;
  readonly env: NodeJS.ProcessEnv;
  /** A plugin that runs longer is killed. */
  readonly deadlineMs: number;
}

/** The name under which {@link ExecPlugin} claims a user; ExecAuth would take a user that has `exec`. */
export const execProviderName = 'leader-run-exec';

/** Runs the plugin when there is no credential, when it has expired or when it was forgotten; one run at a time. */
export class ExecPlugin implements Authenticator {
  readonly #options: ExecPluginOptions;
  readonly #ending = new AbortController();
  #credential: Credential | null = null;

  constructor(options: ExecPluginOptions) {
    this.#options = options;
  }

  isAuthProvider(user: User): boolean {
    const { authProvider } = user as { authProvider?: { name?: unknown } | null };
    return authProvider?.name === execProviderName;
  }

  async applyAuthentication(_user: User, options: RequestOptions): Promise<void> {
    if (this.#credential === null || this.#credential.expiresAtMs <= Date.now()) {
      this.#credential = await this.#run();
    }
    const { token, certificate, key } = this.#credential;
    if (token !== null)
      options.headers = Object.assign({}, options.headers, { Authorization: `Bearer ${token}` });
    if (certificate !== null && key !== null) Object.assign(options, { cert: certificate, key });
  }

  /** The server refused what the plugin gave: ask it again. */
  forget(): void {
    this.#credential = null;
  }

  /** Kills the plugin if it runs. */
  close(): void {
    this.#ending.abort();
  }

  async #run(): Promise<Credential> {
    const { exec, env, deadlineMs } = this.#options;
    const command = textOf(exec['command']);
    if (command === null) throw new Error('exec plugin has no command');
    if (exec['interactiveMode'] === 'Always')
      throw new Error(`exec plugin "${command}" needs a terminal: leader-run gives it none`);
    const info = execInfo(this.#options);
    const options = {
      env: { ...env, ...variablesOf(exec), KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
      maxBuffer: outputLimitBytes,
      signal: this.#ending.signal,
    } as const;
    const output = await new Promise<string>((resolve, reject) => {
      const child = execFile(command, argumentsOf(exec), options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(describeFailure(command, error, stderr, this.#options)));
      });
      child.stdin?.end();
    });
    return readCredential(command, output, info.apiVersion);
  }
}

interface Credential {
  readonly token: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
  /** Unix time; `Infinity` if it does not expire. */
  readonly expiresAtMs: number;
}

function readCredential(command: string, output: string, apiVersion: string): Credential {
  const rubbish = (why: string): Error => new Error(`exec plugin "${command}" printed ${why}`);
  let printed: unknown;
  try {
    printed = JSON.parse(output);
  } catch {
    throw rubbish(`no JSON but "${firstLine(output).slice(0, 60)}"`);
  }
  if (!isObject(printed) || printed['kind'] !== 'ExecCredential')
    throw rubbish('no ExecCredential object');
  if (textOf(printed['apiVersion']) !== apiVersion)
    throw rubbish(
      `apiVersion "${textOf(printed['apiVersion']) ?? ''}": the kubeconfig asks for "${apiVersion}"`,
    );

  const status = objectOf(printed['status']);
  const token = textOf(status['token']);
  const certificate = textOf(status['clientCertificateData']);
  const key = textOf(status['clientKeyData']);
  if (token === null && (certificate === null || key === null))
    throw rubbish('neither a token nor a client certificate with its key');
  const expires = textOf(status['expirationTimestamp']);
  const expiresAtMs = expires === null ? Infinity : Date.parse(expires);
  if (Number.isNaN(expiresAtMs)) throw rubbish(`expirationTimestamp "${String(expires)}"`);
  return { token, certificate, key, expiresAtMs };
}

/** What the plugin finds in $KUBERNETES_EXEC_INFO. */
function execInfo({ exec, cluster }: ExecPluginOptions) {
  const config = listOf(cluster['extensions'])
    .map((entry) => objectOf(entry))
    .find(({ name }) => name === 'client.authentication.k8s.io/exec')?.['extension'];
  const clusterInfo = {
    server: cluster['server'],
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'certificate-authority-data': cluster['certificate-authority-data'],
    'proxy-url': cluster['proxy-url'],
    config,
  };
  return {
    apiVersion: textOf(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(exec['provideClusterInfo'] === true ? { cluster: clusterInfo } : {}),
    },
  };
}

function argumentsOf(exec: JsonObject): string[] {
  return listOf(exec['args']).map((argument) => textOf(argument) ?? '');
}

function variablesOf(exec: JsonObject): NodeJS.ProcessEnv {
  return Object.fromEntries(
    listOf(exec['env'])
      .map((entry) => objectOf(entry))
      .map(({ name, value }) => [textOf(name) ?? '', textOf(value) ?? '']),
  );
}

function describeFailure(
  command: string,
  error: Error & { readonly code?: unknown; readonly killed?: boolean },
  stderr: string,
  { exec, deadlineMs }: ExecPluginOptions,
): string {
  const plugin = `exec plugin "${command}"`;
  const hint = textOf(exec['installHint']);
  if (codeOf(error) === 'ENOENT')
    return `${plugin} is not installed${hint === null ? '' : `: ${firstLine(hint)}`}`;
  if (codeOf(error) === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return `${plugin} printed more than ${outputLimitBytes} bytes`;
  if (error.killed === true) return `${plugin} did not end within ${deadlineMs / 1000}s`;
  const said = firstLine(stderr.trim().split('\n').at(-1) ?? '');
  if (typeof error.code === 'number')
    return `${plugin} exited with ${error.code}${said === '' ? '' : `: ${said}`}`;
  return `${plugin} failed: ${messageOf(error)}`;
}
