/**
 * `node --random-seed=1 scripts/cache-code.mjs PROGRAM CACHE`: keeps what V8 makes of the built program, for src/load.ts. All of it is
 * compiled, so that nothing of a hand-over has to be, and the same program gives the same file.
 *
 * It is JavaScript, because the Node.js that will run the program makes it, which need not be the one of the build. Without
 * `--random-seed` V8 orders its tables differently each time; the seed is the one flag that V8 allows to differ later.
 *
 * The file begins with the SHA-256 of program and code.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import v8 from 'node:v8';
import { Script } from 'node:vm';

const [program, cache] = process.argv.slice(2);
const source = readFileSync(program);
v8.setFlagsFromString('--no-lazy');
// The name is a part of the code: it must not say where this machine has the program.
const script = new Script(source.toString('latin1'), { filename: 'program.js' });
// V8 refuses code that was made under other flags than it is started with.
v8.setFlagsFromString('--lazy');
const code = script.createCachedData();
const digest = createHash('sha256').update(source).update(code).digest();
writeFileSync(cache, Buffer.concat([digest, code]));
