/**
 * Reads kubeconfig files the way kubectl does: a merged list in which the first mention of a name wins, files of the list that do
 * not exist are skipped, and relative paths belong to the file that has them.
 *
 * The files are parsed here and not by client-node's KubeConfig, which throws on duplicates and on missing files, knows YAML 1.2
 * alone and forgets what it does not know.
 */
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { codeOf, messageOf } from './errors.ts';
import { type JsonObject, type JsonValue, isObject, listOf, objectOf, textOf } from '../json.ts';
import { readFields } from './kubeconfig-fields.ts';
import { parseYaml, type YamlValue } from './yaml.ts';

/** The sections of all files, merged. Every entry is as the file has it, but for its paths, which are absolute. */
export interface Kubeconfig {
  /** Those that were read, for messages. */
  readonly files: readonly string[];
  readonly currentContext: string | null;
  readonly clusters: ReadonlyMap<string, JsonObject>;
  readonly users: ReadonlyMap<string, JsonObject>;
  readonly contexts: ReadonlyMap<string, JsonObject>;
  /** Which file each of the users is from. */
  readonly userFiles: ReadonlyMap<string, string>;
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
  const listed = env['KUBECONFIG'];
  const paths = listed
    ? listed.split(delimiter).filter((path) => path !== '')
    : [join(homeDirectory, '.kube', 'config')];
  return { paths, isRequired: false };
}

/** Reads and merges the files. With none there, all sections are empty. */
export function readKubeconfig({ paths, isRequired }: KubeconfigFiles): KubeconfigResult {
  const files: string[] = [];
  const clusters = new Map<string, JsonObject>();
  const users = new Map<string, JsonObject>();
  const contexts = new Map<string, JsonObject>();
  const userFiles = new Map<string, string>();
  let currentContext: string | null = null;

  for (const path of paths) {
    const file = readFile(path);
    if (file.id === 'missing' && !isRequired) continue;
    if (file.id === 'missing')
      return failed(path, 'it does not exist: give the path of an existing file');
    if (file.id === 'failed') return failed(path, file.why);

    files.push(path);
    const { content } = file;
    currentContext ??= textOf(content['current-context']);
    // Absolute, as a command without a slash would be looked up in $PATH.
    const directory = resolve(dirname(path));
    for (const [name, body] of file.sections.clusters)
      if (!clusters.has(name))
        clusters.set(name, absolutePaths(body, ['certificate-authority'], directory));
    for (const [name, body] of file.sections.contexts)
      if (!contexts.has(name)) contexts.set(name, body);
    for (const [name, body] of file.sections.users) {
      if (users.has(name)) continue;
      users.set(name, absoluteUser(body, directory));
      userFiles.set(name, path);
    }
  }
  return {
    id: 'read',
    kubeconfig: { files, currentContext, clusters, users, contexts, userFiles },
  };
}

interface Sections {
  readonly clusters: Map<string, JsonObject>;
  readonly users: Map<string, JsonObject>;
  readonly contexts: Map<string, JsonObject>;
}

type FileResult =
  | { readonly id: 'content'; readonly content: JsonObject; readonly sections: Sections }
  | { readonly id: 'missing' }
  | { readonly id: 'failed'; readonly why: string };

function readFile(path: string): FileResult {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { id: 'missing' };
    return { id: 'failed', why: `it cannot be opened: ${messageOf(error)}` };
  }
  let document: YamlValue;
  try {
    document = parseYaml(bytes);
  } catch (error) {
    return { id: 'failed', why: `it is not YAML: ${messageOf(error)}` };
  }
  try {
    const content = readFields(document);
    return { id: 'content', content, sections: sectionsOf(content) };
  } catch (error) {
    return { id: 'failed', why: messageOf(error) };
  }
}

function sectionsOf(content: JsonObject): Sections {
  return {
    clusters: entriesOf(content, 'clusters', 'cluster'),
    users: entriesOf(content, 'users', 'user'),
    contexts: entriesOf(content, 'contexts', 'context'),
  };
}

/** The named entries of one section. */
function entriesOf(content: JsonObject, section: string, key: string): Map<string, JsonObject> {
  const entries = new Map<string, JsonObject>();
  for (const entry of listOf(content[section]).map(objectOf)) {
    const name = textOf(entry['name']) ?? '';
    if (entries.has(name)) throw new Error(`duplicate name "${name}" in ${section}`);
    entries.set(name, objectOf(entry[key]));
  }
  return entries;
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
    if (path !== null) absolute[key] = resolve(directory, path);
  }
  return absolute;
}

function failed(path: string, why: string): KubeconfigResult {
  return { id: 'failed', message: `Cannot read kubeconfig "${path}": ${why}` };
}
