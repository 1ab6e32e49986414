// Bundles src/main.ts into the one file that is shipped: dist/leader-run.cjs.
//
// What is not needed is kept out, because loading it at start is what makes the naive program slow: client-node's 340 KB
// of generated models (only its KubeConfig is used) and undici (the HTTP is ours).
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** @type {import('esbuild').Plugin} */
const leaveOut = {
  name: 'leave-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/gen\/index\.js$/ }, () => ({ path: 'gen', namespace: 'left-out' }));
    onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'left-out' }));
    onLoad({ filter: /^gen$/, namespace: 'left-out' }, () => ({
      contents: 'export const createConfiguration = undefined, ServerConfiguration = undefined;',
    }));
    onLoad({ filter: /^undici$/, namespace: 'left-out' }, () => ({
      contents: 'export class Agent {} export class ProxyAgent {}',
    }));
  },
};

const result = await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/leader-run.cjs',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minify: true,
  keepNames: false,
  define: { LEADER_RUN_VERSION: JSON.stringify(version) },
  plugins: [leaveOut],
  logLevel: 'warning',
  metafile: process.argv.includes('--metafile'),
});
if (result.metafile) process.stdout.write(JSON.stringify(result.metafile));
