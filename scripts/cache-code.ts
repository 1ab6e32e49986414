/**
 * Runs the built program once and keeps what V8 compiled of it: dist/program.cache, for src/load.ts.
 *
 * Nothing of a hand-over should have to be compiled first, because it comes when someone waits for it. So this stands by while
 * another leads, follows it, gets a stop signal, and releases.
 *
 * The file begins with the SHA-256 of program and code. Started by scripts/build.ts, as JavaScript in dist, under `leader-run sandbox`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import v8 from 'node:v8';
import { Script } from 'node:vm';

// V8 refuses code that was made under other flags than it is started with.
v8.setFlagsFromString = () => undefined;

const dist = import.meta.dirname;
const filename = join(dist, 'program.js');
const source = readFileSync(filename);
const script = new Script(source.toString('latin1'), { filename });
process.on('exit', (status) => {
  if (status !== 0) return;
  const code = script.createCachedData();
  const digest = createHash('sha256').update(source).update(code).digest();
  writeFileSync(join(dist, 'program.cache'), Buffer.concat([digest, code]));
});

/** How long the other leads: time enough to stand by. Should it end earlier, less is in the cache. */
const firstTermSeconds = 0.6;

const flags = ['--lock-name', 'build', '--quiet', '--', 'sh', '-c'];
const first = spawn(
  process.execPath,
  [join(dist, 'leader-run.cjs'), ...flags, `echo leads; sleep ${firstTermSeconds}`],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
await once(first.stdout, 'data');

process.argv = [
  process.execPath,
  filename,
  ...flags,
  'trap "exit 0" TERM; kill -TERM $PPID; sleep 9 & wait',
];
const program = script.runInThisContext() as (require: NodeJS.Require) => void;
program(createRequire(filename));
