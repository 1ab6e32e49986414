/**
 * What node is started with: loads the program by the code that V8 made of it when it was built. Another V8 than the one that
 * made it refuses that code and compiles the program itself, which takes 15 ms longer.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

const filename = join(__dirname, 'program.js');

const script = new Script(readFileSync(filename, 'latin1'), { filename, ...cachedCode() });
(script.runInThisContext() as (require: NodeJS.Require) => void)(require);

function cachedCode(): { cachedData?: Buffer } {
  try {
    return { cachedData: readFileSync(join(__dirname, 'program.cache')) };
  } catch {
    return {};
  }
}
