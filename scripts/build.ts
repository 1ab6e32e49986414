/**
 * `npm run build`: makes dist, all of which is shipped: the bundles (scripts/bundles.ts), koffi's native modules, what V8 makes of the
 * program, the licences of what all this holds, the man page and the completion of shells. The same sources give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { completionScripts } from '../src/cli/completion-scripts.ts';
import { bundle, folderOf, natives } from './bundles.ts';
import { bundledPackages, licensesText, nativePackages, ownManifest } from './licenses.ts';
import { manPage } from './man.ts';

await rm('dist', { recursive: true, force: true });
const packages = bundledPackages(await bundle({ write: true }));
for (const native of natives) {
  const from = `node_modules/${native}`;
  if (existsSync(from)) await cp(from, `dist/${folderOf(native)}`, { recursive: true });
}
const carried = nativePackages(ownManifest().optionalDependencies);
writeFileSync('dist/THIRD-PARTY-LICENSES', licensesText([...packages, ...carried]));
writeShare('man/man1/leader-run.1', manPage(ownManifest().version));
writeShare('bash-completion/completions/leader-run', completionScripts.bash);
writeShare('zsh/site-functions/_leader-run', completionScripts.zsh);
writeShare('fish/vendor_completions.d/leader-run.fish', completionScripts.fish);
// The environment must not steer it: V8's code is good only for the flags under which it was made.
execFileSync(
  process.execPath,
  ['--random-seed=1', 'scripts/cache-code.mjs', 'dist/program.js', 'dist/program.cache'],
  { env: {} },
);

/** Where systems look for it below `share`. */
function writeShare(path: string, text: string): void {
  const file = join('dist/share', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
