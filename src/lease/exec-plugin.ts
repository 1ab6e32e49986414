/**
 * Credentials from an exec plugin (`aws eks get-token`, `gke-gcloud-auth-plugin` …), registered with client-node as an
 * authenticator of our own.
 *
 * client-node's own ExecAuth leaves the plugin's stdin open, swallows its stderr, gives it no KUBERNETES_EXEC_INFO, waits for it for
 * ever, believes whatever it prints and cannot be told to ask again after a 401.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter, isAbsolute, join, sep } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import { codeOf, firstLine, messageOf } from './errors.ts';
import { type Credential, execInfo, readCredential } from './exec-credential.ts';
import { type JsonObject, listOf, objectOf, textOf } from '../json.ts';
import type { OnNotice } from './notice.ts';
import { authorize, type Due, dueOf, type Provider, ProviderBase } from './provider.ts';

/** A plugin may print this much. */
const outputLimitBytes = 1 << 20;

/** What the plugin is and what it gets to know. */
export interface ExecPluginOptions {
  /** The `exec` section of the user, found to be right. */
  readonly exec: JsonObject;
  /** The `cluster` section of the kubeconfig, passed on if the plugin asks for it. */
  readonly cluster: JsonObject;
  readonly env: NodeJS.ProcessEnv;
  /** A plugin that runs longer is killed, except where there never was a credential: a person may be about to log in. */
  readonly deadlineMs: number;
  /** Whether stdin and stderr are a terminal. */
  readonly terminal: { readonly stdin: boolean; readonly stderr: boolean };
  readonly onNotice: OnNotice;
}

/** Runs the plugin when there is no credential, when it expires or when it was forgotten; one run at a time. */
export class ExecPlugin extends ProviderBase implements Provider {
  readonly #options: ExecPluginOptions;
  readonly #name: string;
  #credential: Credential | null = null;
  #obtainedAtMs = 0;
  /** One attempt ahead of time is made for each credential. */
  #wasTriedAhead = false;
  #hadCredential = false;
  #child: ChildProcess | null = null;

  constructor(options: ExecPluginOptions) {
    super();
    this.#options = options;
    this.#name = `exec plugin "${textOf(options.exec['command']) ?? ''}"`;
  }

  override isDue(): Due {
    if (this.#credential === null) return 'now';
    const due = dueOf(this.#obtainedAtMs, this.#credential.expiresAtMs, Date.now());
    return due === 'soon' && this.#wasTriedAhead ? 'no' : due;
  }

  override activity(): string | null {
    return this.#child === null ? null : `${this.#name} is still running`;
  }

  async applyAuthentication(_user: User, options: RequestOptions): Promise<void> {
    const due = this.isDue();
    if (due !== 'no') {
      this.#wasTriedAhead = true;
      const fresh = await this.#run();
      this.#wasTriedAhead = fresh.expiresAtMs === this.#credential?.expiresAtMs;
      this.#credential = fresh;
      this.#obtainedAtMs = Date.now();
      this.#hadCredential = true;
    }
    const { token, certificate, key } = this.#credential ?? {};
    if (token) authorize(options, token);
    if (certificate && key) Object.assign(options, { cert: certificate, key });
  }

  override forget(): void {
    this.#credential = null;
  }

  /** Kills the plugin if it runs. */
  override close(): void {
    this.#child?.kill('SIGKILL');
  }

  async #run(): Promise<Credential> {
    const { exec, cluster, env, onNotice } = this.#options;
    const isInteractive = this.#isInteractive();
    const command = findCommand(textOf(exec['command']) ?? '', env['PATH'] ?? '');
    if (command === null) throw new Error(notInstalled(this.#name, exec));
    const variables = {
      ...env,
      ...variablesOf(exec),
      KUBERNETES_EXEC_INFO: execInfo(exec, cluster, isInteractive),
    };
    onNotice({
      level: this.#hadCredential ? 'debug' : 'info',
      event: 'exec-plugin',
      text: `Running ${this.#name} for credentials`,
      facts: { command },
    });
    const output = await this.#outputOf(command, variables, isInteractive);
    return readCredential(this.#name, output, textOf(exec['apiVersion']) ?? '');
  }

  /** Once there was a credential the terminal belongs to the command. */
  #isInteractive(): boolean {
    const { exec, terminal } = this.#options;
    const mode = textOf(exec['interactiveMode']) ?? 'IfAvailable';
    const isAvailable = terminal.stdin && !this.#hadCredential;
    if (mode === 'Always' && !terminal.stdin)
      throw new Error(
        `${this.#name} has interactiveMode "Always": standard input is not a terminal`,
      );
    if (mode === 'Always' && !isAvailable)
      throw new Error(`${this.#name} has interactiveMode "Always": the terminal is the command's`);
    return mode !== 'Never' && isAvailable;
  }

  #outputOf(command: string, env: NodeJS.ProcessEnv, isInteractive: boolean): Promise<Buffer> {
    const { exec, terminal } = this.#options;
    const child = spawn(command, listOf(exec['args']) as string[], {
      env,
      stdio: [isInteractive ? 'inherit' : 'ignore', 'pipe', terminal.stderr ? 'inherit' : 'pipe'],
    });
    this.#child = child;
    const lastSaid = child.stderr === null ? () => '' : this.#relay(child.stderr);
    return new Promise<Buffer>((resolve, reject) => {
      // After a time-out another may run already.
      const forget = () => {
        if (this.#child === child) this.#child = null;
      };
      const fail = (why: string) => {
        forget();
        child.kill('SIGKILL');
        child.stdout?.destroy();
        child.stderr?.destroy();
        reject(new Error(`${this.#name} ${why}`));
      };
      const timer = this.#deadline(fail);
      const chunks: Buffer[] = [];
      let size = 0;
      child.stdout?.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > outputLimitBytes) fail(`printed more than ${outputLimitBytes} bytes`);
      });
      child.on('error', (error) => fail(`failed: ${messageOf(error)}`));
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        forget();
        if (code === 0) return resolve(Buffer.concat(chunks));
        const said = lastSaid();
        fail(`${exited(code, signal)}${said === '' ? '' : `: ${said}`}`);
      });
    });
  }

  #deadline(fail: (why: string) => void): NodeJS.Timeout | undefined {
    const { deadlineMs } = this.#options;
    if (!this.#hadCredential) return undefined;
    return setTimeout(() => fail(`did not end within ${deadlineMs / 1000}s`), deadlineMs);
  }

  /** Logs each line as it comes. Gives what was said last. */
  #relay(stderr: Readable): () => string {
    let last = '';
    createInterface({ input: stderr }).on('line', (line) => {
      const said = firstLine(line);
      if (said === '') return;
      last = said;
      const text = `${this.#name}: ${said}`;
      this.#options.onNotice({ level: 'info', event: 'exec-plugin-says', text, facts: {} });
    });
    return () => last;
  }
}

function exited(code: number | null, signal: NodeJS.Signals | null): string {
  return code === null ? `was killed by ${signal ?? 'a signal'}` : `exited with ${code}`;
}

function variablesOf(exec: JsonObject): NodeJS.ProcessEnv {
  return Object.fromEntries(
    listOf(exec['env'])
      .map(objectOf)
      .map(({ name, value }) => [textOf(name) ?? '', textOf(value) ?? '']),
  );
}

/** As Go looks commands up: in what is absolute in PATH alone, so that nobody's working directory decides what runs. */
function findCommand(command: string, path: string): string | null {
  if (command.includes(sep)) return exists(command) ? command : null;
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, command)).find(isExecutable) ?? null;
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ENOENT';
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The hint may have several lines, of which each counts. */
function notInstalled(plugin: string, exec: JsonObject): string {
  const hint = textOf(exec['installHint'])?.trim().replaceAll(/\s+/g, ' ') ?? '';
  return `${plugin} is not installed${hint === '' ? '' : `: ${hint}`}`;
}
