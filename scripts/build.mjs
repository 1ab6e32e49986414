// Bundles src/main.ts into dist/program.js, src/load.ts, which loads it, into dist/leader-run.cjs, and what only some runs need
// into files beside them. All of dist is shipped.
//
// Loading everything at start is what makes the naive program slow, so four things are done about it:
// - what is never used is left out: client-node's 340 KB of generated models, undici and socks, by which it would connect (the
//   HTTP is ours; socks-proxy-agent brings its own socks);
// - what only some runs need has files of its own, which are loaded when they are asked for;
// - client-node's imports of such packages are turned into requires at the place of use;
// - what V8 compiles in a usual run is kept beside the program, in dist/program.cache.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, readFile, rm } from 'node:fs/promises';
import { basename } from 'node:path';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minify: true,
  // program.js is run as a script, in which `import()` fails: it becomes a `require`.
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
};

/** @type {import('esbuild').Plugin} */
const leaveOut = {
  name: 'leave-out',
  setup({ onResolve, onLoad }) {
    const namespace = 'left-out';
    onResolve({ filter: /\/gen\/index\.js$/ }, () => ({ path: 'gen', namespace }));
    onResolve({ filter: /^(undici|socks)$/ }, ({ path }) => ({ path, namespace }));
    const stubs = {
      gen: 'export const createConfiguration = undefined, ServerConfiguration = undefined;',
      undici: 'export class Agent {} export class ProxyAgent {}',
      socks: 'export const SocksClient = undefined;',
    };
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: stubs[path] }));
  },
};

/** What only some credentials need, by the file of client-node that imports it. */
const rarelyNeeded = {
  'config.js': ['socks-proxy-agent', 'hpagent'],
  'oidc_auth.js': ['openid-client'],
  'azure_auth.js': ['jsonpath-plus'],
  'gcp_auth.js': ['jsonpath-plus'],
};

/** @type {import('esbuild').Plugin} */
const loadLate = {
  name: 'load-late',
  setup({ onLoad }) {
    const filter = new RegExp(`client-node/dist/(${Object.keys(rarelyNeeded).join('|')})$`);
    onLoad({ filter }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: rarelyNeeded[basename(path)].reduce(importLate, source) };
    });
  },
};

/** Turns the one import of a package into a `require` at each use of what it brings. */
function importLate(source, name) {
  const [statement, what] = new RegExp(`^import (.+) from '${name}';$`, 'm').exec(source) ?? [];
  if (statement === undefined) throw new Error(`Cannot load ${name} late as it is not imported`);
  const rest = source.replace(statement, '');
  const late = `require('${name}')`;
  const namespace = /^\* as (\w+)$/.exec(what)?.[1];
  if (namespace !== undefined) return rest.replaceAll(`${namespace}.`, `${late}.`);
  return what
    .replace(/[{}\s]/g, '')
    .split(',')
    .reduce(
      (text, part) => text.replaceAll(new RegExp(`\\b${part}\\b`, 'g'), `(${late}.${part})`),
      rest,
    );
}

/** What only some runs need: by the name under which it is asked for, its file beside the program. */
const parts = {
  ...Object.fromEntries(
    Object.values(rarelyNeeded).flatMap((names) => names.map((name) => [name, name])),
  ),
  './sandbox/run.ts': 'sandbox',
  './operate/status.ts': 'status',
  './operate/check.ts': 'check',
  './operate/manifests.ts': 'manifests',
  './operate/observers.ts': 'observers',
  './operate/metrics.ts': 'metrics',
};

/** koffi's native modules, for each architecture that npm has installed: taken as they are. */
const natives = ['@koromix/koffi-linux-x64', '@koromix/koffi-linux-arm64'];
const folderOf = (native) => basename(native);

/** @type {import('esbuild').Plugin} */
const setApart = {
  name: 'set-apart',
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ path, kind }) => {
      if (natives.includes(path)) return { path: `./${folderOf(path)}/index.js`, external: true };
      if (!(path in parts) || kind === 'entry-point') return undefined;
      return { path: `./${parts[path]}.cjs`, external: true };
    });
  },
};

/** prom-client would attach traces of OpenTelemetry, which it has not been asked for. @type {import('esbuild').Plugin} */
const leaveTracesOut = {
  name: 'leave-traces-out',
  setup({ onResolve, onLoad }) {
    const namespace = 'no-traces';
    onResolve({ filter: /^@opentelemetry\/api$/ }, ({ path }) => ({ path, namespace }));
    onLoad({ filter: /.*/, namespace }, () => ({ contents: 'export {}' }));
  },
};

const tooOld =
  "var have=process.versions.node.split('.').map(Number);if(have[0]<20||have[0]===20&&have[1]<19){" +
  "process.stderr.write('leader-run: Cannot start: Node.js is '+process.versions.node+': 20.19 or later is required\\n');process.exit(125)}";

await rm('dist', { recursive: true, force: true });
await build({
  ...common,
  banner: { js: tooOld },
  entryPoints: ['src/load.ts'],
  outfile: 'dist/leader-run.cjs',
});
const { metafile } = await build({
  ...common,
  banner: { js: '(function (require) {' },
  footer: { js: '})' },
  entryPoints: ['src/main.ts'],
  outfile: 'dist/program.js',
  define: { LEADER_RUN_VERSION: JSON.stringify(version) },
  plugins: [leaveOut, loadLate, setApart],
  metafile: true,
});
await build({
  ...common,
  entryPoints: Object.entries(parts).map(([path, out]) => ({
    in: path.replace(/^\./, './src'),
    out,
  })),
  outdir: 'dist',
  plugins: [leaveTracesOut],
  outExtension: { '.js': '.cjs' },
});
for (const native of natives) {
  const from = `node_modules/${native}`;
  if (existsSync(from)) await cp(from, `dist/${folderOf(native)}`, { recursive: true });
}
cacheCode();
if (process.argv.includes('--metafile')) process.stdout.write(JSON.stringify(metafile));

/** The environment must not steer it: V8's code is good only for the flags under which it was made. */
function cacheCode() {
  const sandbox = ['dist/leader-run.cjs', 'sandbox', '--', process.execPath];
  execFileSync(process.execPath, [...sandbox, 'scripts/cache-code.mjs'], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
