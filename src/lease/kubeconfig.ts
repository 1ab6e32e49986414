/**
 * Reads kubeconfig files the way kubectl does: a merged list in which the first mention of a name wins, files of the list that do
 * not exist are skipped, and relative paths belong to the file that has them.
 *
 * The files are parsed here and not by client-node's KubeConfig, which throws on duplicates and on missing files and forgets
 * what it does not know.
 */
import { readFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path';
import { loadAll as parseYaml } from 'js-yaml';
import { codeOf, messageOf } from './errors.ts';
import { type JsonObject, type JsonValue, isObject, listOf, objectOf, textOf } from '../json.ts';

/** The sections of all files, merged. Every entry is as the file has it, but for its paths, which are absolute. */
export interface Kubeconfig {
  /** Those that were read, for messages. */
  readonly files: readonly string[];
  readonly currentContext: string | null;
  readonly clusters: ReadonlyMap<string, JsonObject>;
  readonly users: ReadonlyMap<string, JsonObject>;
  readonly contexts: ReadonlyMap<string, JsonObject>;
}

export type KubeconfigResult =
  | { readonly id: 'read'; readonly kubeconfig: Kubeconfig }
  | { readonly id: 'failed'; readonly message: string };

/** Which files to read. A file that was asked for by name (`isRequired`) has to exist. */
export interface KubeconfigFiles {
  readonly paths: readonly string[];
  readonly isRequired: boolean;
}

/** The --kubeconfig flag, otherwise the list in $KUBECONFIG, else ~/.kube/config. */
export function kubeconfigFiles(
  flag: string | null,
  env: NodeJS.ProcessEnv,
  homeDirectory: string,
): KubeconfigFiles {
  if (flag !== null) return { paths: [flag], isRequired: true };
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const paths = listed.length > 0 ? listed : [join(homeDirectory, '.kube', 'config')];
  return { paths, isRequired: false };
}

/** Reads and merges the files. With none there, all sections are empty. */
export function readKubeconfig({ paths, isRequired }: KubeconfigFiles): KubeconfigResult {
  const files: string[] = [];
  const clusters = new Map<string, JsonObject>();
  const users = new Map<string, JsonObject>();
  const contexts = new Map<string, JsonObject>();
  let currentContext: string | null = null;

  for (const path of paths) {
    const file = readFile(path);
    if (file.id === 'missing' && !isRequired) continue;
    if (file.id === 'missing')
      return failed(path, 'it does not exist: give the path of an existing file');
    if (file.id === 'failed') return failed(path, file.why);

    files.push(path);
    currentContext ??= textOf(file.content['current-context']);
    const directory = dirname(path);
    collect(clusters, file.content['clusters'], 'cluster', (body) =>
      absolutePaths(body, ['certificate-authority'], directory),
    );
    collect(users, file.content['users'], 'user', (body) => absoluteUser(body, directory));
    collect(contexts, file.content['contexts'], 'context', (body) => body);
  }
  return { id: 'read', kubeconfig: { files, currentContext, clusters, users, contexts } };
}

type FileResult =
  | { readonly id: 'content'; readonly content: JsonObject }
  | { readonly id: 'missing' }
  | { readonly id: 'failed'; readonly why: string };

function readFile(path: string): FileResult {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { id: 'missing' };
    return { id: 'failed', why: `it cannot be opened: ${messageOf(error)}` };
  }
  try {
    // All documents, as the parser refuses a file without any; kubectl takes that for an empty configuration.
    const content: unknown = parseYaml(text)[0] ?? {};
    if (isObject(content)) return { id: 'content', content };
    return { id: 'failed', why: 'it is not a kubeconfig: the top level is not a mapping' };
  } catch (error) {
    return { id: 'failed', why: `it is not YAML: ${messageOf(error)}` };
  }
}

/** Adds the named entries of one section; names that are there already stay as they are. */
function collect(
  into: Map<string, JsonObject>,
  entries: JsonValue | undefined,
  key: string,
  prepare: (body: JsonObject) => JsonObject,
): void {
  for (const entry of listOf(entries)) {
    const { name, [key]: body } = objectOf(entry);
    const text = textOf(name);
    if (text !== null && !into.has(text)) into.set(text, prepare(objectOf(body)));
  }
}

function absoluteUser(user: JsonObject, directory: string): JsonObject {
  const files = ['client-certificate', 'client-key', 'tokenFile'];
  const absolute = absolutePaths(user, files, directory);
  const exec = user['exec'];
  // A command without a slash is looked up in $PATH.
  if (!isObject(exec) || !textOf(exec['command'])?.includes(sep)) return absolute;
  return { ...absolute, exec: absolutePaths(exec, ['command'], directory) };
}

function absolutePaths(body: JsonObject, keys: readonly string[], directory: string): JsonObject {
  const absolute: Record<string, JsonValue> = { ...body };
  for (const key of keys) {
    const path = textOf(body[key]);
    if (path !== null && !isAbsolute(path)) absolute[key] = join(directory, path);
  }
  return absolute;
}

function failed(path: string, why: string): KubeconfigResult {
  return { id: 'failed', message: `Cannot read kubeconfig "${path}": ${why}` };
}
