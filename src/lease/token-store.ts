/**
 * Keeps renewed OpenID tokens in the kubeconfig that has the user. Like kubectl it writes the file anew, without its comments; unlike
 * kubectl at once, so that nobody reads half a file, and with nothing else changed.
 */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dump } from 'js-yaml';
import { codeOf } from './errors.ts';
import { type JsonObject, listOf, objectOf } from '../json.ts';
import { readFields } from './kubeconfig-fields.ts';
import { isYamlObject, parseYaml, yamlSchema, type YamlObject, type YamlValue } from './yaml.ts';

/** Where the tokens are kept. */
export interface TokenStore {
  /** The `auth-provider` config of the user as it is there now; null if it cannot be read. */
  read(): JsonObject | null;
  /** Puts these entries into it. Rejects if that cannot be done. */
  write(entries: Readonly<Record<string, string>>): Promise<void>;
}

/** `file` null: there is nothing to write to, and nothing is written. */
export function createTokenStore(file: string | null, userName: string): TokenStore {
  return {
    read: () => (file === null ? null : readConfig(file, userName)),
    write: async (entries) => {
      if (file !== null) await whileLocked(file, () => writeConfig(file, userName, entries));
    },
  };
}

function readConfig(file: string, userName: string): JsonObject | null {
  try {
    const { users } = readFields(parseYaml(readFileSync(file)));
    const user = listOf(users)
      .map(objectOf)
      .find(({ name }) => name === userName)?.['user'];
    return objectOf(objectOf(objectOf(user)['auth-provider'])['config']);
  } catch {
    return null;
  }
}

function writeConfig(file: string, userName: string, entries: Record<string, string>): void {
  const document = parseYaml(readFileSync(file));
  if (!isYamlObject(document)) throw new Error('it is not a kubeconfig any more');
  const users = document['users'] as readonly YamlValue[];
  const changed = users.map((entry) => {
    if (!isYamlObject(entry) || entry['name'] !== userName) return entry;
    return changedAt(entry, ['user', 'auth-provider', 'config'], entries);
  });
  const text = dump(
    { ...document, users: changed },
    { schema: yamlSchema, lineWidth: -1, noRefs: true },
  );
  replaceFile(realpathSync(file), text);
}

function changedAt(object: YamlObject, path: readonly string[], entries: YamlObject): YamlObject {
  const [key, ...rest] = path;
  if (key === undefined) return { ...object, ...entries };
  const inner = object[key];
  return { ...object, [key]: changedAt(isYamlObject(inner) ? inner : {}, rest, entries) };
}

/** Where the folder takes no new file, or the file is a mount of its own, it is written in place. */
function replaceFile(file: string, text: string): void {
  const { mode, uid, gid } = statSync(file);
  const temporary = `${file}.${randomUUID()}`;
  try {
    const opened = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(opened, text);
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
    chmodSync(temporary, mode & 0o7777);
    const mine = statSync(temporary);
    if (mine.uid !== uid || mine.gid !== gid) chownSync(temporary, uid, gid);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (!['EACCES', 'EPERM', 'EBUSY', 'EXDEV'].includes(codeOf(error) ?? '')) throw error;
    writeFileSync(file, text);
  }
}

/** kubectl's lock: it holds it while it writes. One that stays is left over. */
async function whileLocked(file: string, work: () => void): Promise<void> {
  const lock = `${file}.lock`;
  const isHeld = await takeLock(lock);
  try {
    work();
  } finally {
    if (isHeld) rmSync(lock, { force: true });
  }
}

const lockAttempts = 20;
const lockPauseMs = 50;

async function takeLock(lock: string): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      closeSync(openSync(lock, 'wx', 0));
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || attempt === lockAttempts) return false;
      await delay(lockPauseMs);
    }
  }
}
