/**
 * Bytes on their way through sh. They are kept as binary strings (one character a byte), so that nothing is decoded and
 * what is not valid UTF-8 survives.
 */
import { readFileSync } from 'node:fs';

/** One character for each byte. */
export type Bytes = string;

export function toBytes(text: string | Uint8Array): Bytes {
  return Buffer.from(text as string).toString('latin1');
}

export function toText(bytes: Bytes): string {
  return Buffer.from(bytes, 'latin1').toString();
}

/** The word as sh reads it back, whatever it holds (NUL cannot be in it). */
export function shellQuote(word: Bytes): Bytes {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The command's words byte for byte as the kernel has them, since `process.argv` holds them decoded. They are the tail of
 * our own; if they are not (the title was changed, no /proc), the decoded ones are all there is.
 */
export function rawWords(command: readonly string[], ownCommandLine = readOwn()): Bytes[] {
  const own = ownCommandLine.toString('latin1').split('\0').slice(0, -1);
  const tail = own.slice(-command.length);
  const decoded = tail.map(toText);
  const isTail =
    tail.length === command.length && command.every((word, at) => word === decoded[at]);
  return isTail ? tail : command.map(toBytes);
}

function readOwn(): Buffer {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return Buffer.alloc(0);
  }
}
