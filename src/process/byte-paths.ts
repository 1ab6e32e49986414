/** Paths whose bytes are not UTF-8, made into ones that Node.js can open: it decodes what it is given, and so loses them. */
import { isUtf8 } from 'node:buffer';
import { constants, openSync, readFileSync } from 'node:fs';

const ofThisProcess = `/proc/${process.pid}`;

/**
 * A path to the same file, by way of a descriptor of its folder, which stays open: what is relative to the file is found too, also by
 * processes that we start. The path itself where it is UTF-8 already, and, decoded, where it does not exist.
 */
export function openablePath(path: Buffer): string {
  const text = path.toString();
  if (isUtf8(path)) {
    const isRelative = text !== '' && !text.startsWith('/');
    return isRelative && hasUnreadableName() ? `${ofThisProcess}/cwd/${text}` : text;
  }
  const end = path.lastIndexOf('/') + 1;
  const [folder, name] = [path.subarray(0, end), path.subarray(end)];
  try {
    const { O_RDONLY, O_DIRECTORY } = constants;
    if (!isUtf8(name)) return `${ofThisProcess}/fd/${openSync(path, O_RDONLY)}`;
    return `${ofThisProcess}/fd/${openSync(folder, O_RDONLY | O_DIRECTORY)}/${name.toString()}`;
  } catch {
    return text;
  }
}

/** The working directory's. */
function hasUnreadableName(): boolean {
  try {
    return process.cwd().includes('\ufffd');
  } catch {
    return false;
  }
}

/** The bytes of one of our arguments, or of what follows the "=" of one or of a variable, by what Node.js made of it. */
export function argumentBytes(text: string): Buffer {
  if (!text.includes('\ufffd')) return Buffer.from(text);
  try {
    const files = ['/proc/self/cmdline', '/proc/self/environ'];
    const words = files.flatMap((file) => readFileSync(file, 'latin1').split('\0'));
    const values = words.flatMap((word) => [word, word.slice(word.indexOf('=') + 1)]);
    const bytes = values.map((value) => Buffer.from(value, 'latin1'));
    return bytes.find((value) => value.toString() === text) ?? Buffer.from(text);
  } catch {
    return Buffer.from(text);
  }
}
