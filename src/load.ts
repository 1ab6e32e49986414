/**
 * What node is started with: loads the program by the code that V8 made of it when it was built. Another V8 than the one that
 * made it refuses that code and compiles the program itself, which takes 15 ms longer.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { keepOwnSignals } from './process/own-signals.ts';

const filename = join(__dirname, 'program.js');

function load(): void {
  const source = readProgram();
  const script = new Script(source.toString('latin1'), { filename, ...cachedCode(source) });
  (script.runInThisContext() as (require: NodeJS.Require) => void)(require);
}

function readProgram(): Buffer {
  try {
    return readFileSync(filename);
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`leader-run: Cannot start: ${message}: install leader-run again\n`);
    process.exit(125);
  }
}

/** V8 itself checks neither: it would run the code of an older program of the same length, and crash on code that is damaged. */
function cachedCode(source: Buffer): { cachedData?: Buffer } {
  try {
    const file = readFileSync(join(__dirname, 'program.cache'));
    const [digest, cachedData] = [file.subarray(0, 32), file.subarray(32)];
    const expected = createHash('sha256').update(source).update(cachedData).digest();
    return digest.equals(expected) ? { cachedData } : {};
  } catch {
    return {};
  }
}

keepOwnSignals();
load();
