/** The file that leads clients to the sandbox. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The first line, by which a file left behind by a sandbox that was killed is known as one. */
const heading = '# Written by leader-run sandbox; it is removed when the sandbox ends.';

export interface WrittenKubeconfig {
  readonly path: string;
  /** Removes the file, unless it is no longer the one that was written. */
  remove(): void;
}

export type Written =
  | { readonly id: 'written'; readonly kubeconfig: WrittenKubeconfig }
  | { readonly id: 'failed'; readonly message: string };

/** Writes it with mode 0600: to `path`, which must not exist, or to a temporary directory of its own. */
export function writeKubeconfig(path: string | null, url: string, token: string): Written {
  const text = kubeconfigText(url, token);
  let folder: string | null = null;
  let target = path ?? tmpdir();
  const removeFolder = (): void => {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (path === null) {
      folder = mkdtempSync(join(tmpdir(), 'leader-run-sandbox-'));
      target = join(folder, 'kubeconfig');
    }
    if (isLeftOver(target)) rmSync(target);
    writeFileSync(target, text, { flag: 'wx', mode: 0o600 });
    chmodSync(target, 0o600);
  } catch (error) {
    removeFolder();
    return { id: 'failed', message: failureMessage(target, error as NodeJS.ErrnoException) };
  }
  const remove = (): void => {
    if (contentOf(target) === text) rmSync(target, { force: true });
    removeFolder();
  };
  return { id: 'written', kubeconfig: { path: target, remove } };
}

/**
 * YAML; no value needs quotes. The token is there twice: as a user's, and for clients that send none over http:// in the
 * server's path.
 */
function kubeconfigText(url: string, token: string): string {
  return `${heading}
apiVersion: v1
kind: Config
clusters:
- name: sandbox
  cluster:
    server: ${url}/${token}
    insecure-skip-tls-verify: true
users:
- name: sandbox
  user:
    token: ${token}
contexts:
- name: sandbox
  context:
    cluster: sandbox
    user: sandbox
    namespace: default
current-context: sandbox
`;
}

function isLeftOver(path: string): boolean {
  return contentOf(path)?.startsWith(heading) ?? false;
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function failureMessage(path: string, { code, message }: NodeJS.ErrnoException): string {
  const file = JSON.stringify(path);
  return code === 'EEXIST'
    ? `Cannot write kubeconfig ${file}: it exists. Remove it or name another file`
    : `Cannot write kubeconfig ${file}: ${message}`;
}
