// Runs the built program once, as nearly all runs go, and keeps what V8 compiled of it: dist/program.cache, for src/load.ts.
//
// The file begins with the SHA-256 of program and code. Started by scripts/build.mjs under `leader-run sandbox`, so there is a lease to win.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import v8 from 'node:v8';
import { Script } from 'node:vm';

// V8 refuses code that was made under other flags than it is started with.
v8.setFlagsFromString = () => undefined;

const dist = join(import.meta.dirname, '..', 'dist');
const filename = join(dist, 'program.js');
const source = readFileSync(filename);
const script = new Script(source.toString('latin1'), { filename });
process.on('exit', () => {
  const code = script.createCachedData();
  const digest = createHash('sha256').update(source).update(code).digest();
  writeFileSync(join(dist, 'program.cache'), Buffer.concat([digest, code]));
});

process.argv = [process.execPath, filename, '--lock-name', 'build', '--quiet', '--', 'true'];
script.runInThisContext()(createRequire(import.meta.url));
