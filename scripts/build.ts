/**
 * `npm run build`: makes dist, all of which is shipped: the bundles (scripts/bundles.ts), koffi's native modules, what V8 makes of the
 * program, and the licences of what all this holds. The same sources give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { bundle, folderOf, natives } from './bundles.ts';
import { bundledPackages, licensesText, nativePackages, ownManifest } from './licenses.ts';

await rm('dist', { recursive: true, force: true });
const packages = bundledPackages(await bundle({ write: true }));
for (const native of natives) {
  const from = `node_modules/${native}`;
  if (existsSync(from)) await cp(from, `dist/${folderOf(native)}`, { recursive: true });
}
const carried = nativePackages(ownManifest().optionalDependencies);
writeFileSync('dist/THIRD-PARTY-LICENSES', licensesText([...packages, ...carried]));
// The environment must not steer it: V8's code is good only for the flags under which it was made.
execFileSync(
  process.execPath,
  ['--random-seed=1', 'scripts/cache-code.mjs', 'dist/program.js', 'dist/program.cache'],
  { env: {} },
);
