/**
 * What is bundled: src/main.ts into dist/program.js, src/load.ts, which loads it, into dist/leader-run.cjs, and what only some runs
 * need into files beside them.
 *
 * Loading everything at start is what makes the naive program slow, so two things are done about it here: what client-node would use
 * for what is done beside it is left out (its 340 KB of generated models, by what it connects and what its auth providers need:
 * docs/dependencies.md), and what only some runs need has files of its own, which are loaded when they are asked for.
 */
import { type BuildOptions, type Metafile, type Plugin, build } from 'esbuild';
import { basename } from 'node:path';
import { ownManifest } from './licenses.ts';

const common = {
  metafile: true,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minify: true,
  // program.js is run as a script, in which `import()` fails: it becomes a `require`.
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** What is left out of client-node: by what it imports, what stands for it. The build fails where that no longer fits. */
const leftOut: Readonly<Record<string, string>> = {
  './gen/index.js':
    'export const createConfiguration = undefined, ServerConfiguration = undefined;',
  undici: 'export const Agent = undefined, ProxyAgent = undefined;',
  socks: 'export const SocksClient = undefined;',
  'socks-proxy-agent': 'export const SocksProxyAgent = undefined;',
  hpagent: 'export const HttpProxyAgent = undefined, HttpsProxyAgent = undefined;',
  'openid-client':
    'export const discovery = undefined, refreshTokenGrant = undefined, customFetch = undefined;',
  'jsonpath-plus': 'export const JSONPath = undefined;',
};

const leaveOut = (): Plugin => ({
  name: 'leave-out',
  setup(bundler) {
    const namespace = 'left-out';
    const unused = new Set(Object.keys(leftOut));
    bundler.onResolve({ filter: /./ }, ({ path, importer }) =>
      path in leftOut && importer.includes('/@kubernetes/client-node/')
        ? { path, namespace }
        : undefined,
    );
    bundler.onLoad({ filter: /./, namespace }, ({ path }) => {
      unused.delete(path);
      return { contents: leftOut[path] ?? '' };
    });
    bundler.onEnd(() => {
      if (unused.size > 0)
        throw new Error(
          `client-node no longer imports what is left out: ${[...unused].join(', ')}`,
        );
    });
  },
});

/** What only some runs need: by the name under which it is asked for, what it is and its file beside the program. */
const parts: Readonly<Record<string, { readonly in: string; readonly out: string }>> = {
  'socks-proxy-agent': { in: 'socks-proxy-agent', out: 'socks-proxy-agent' },
  './oidc.ts': { in: './src/lease/oidc.ts', out: 'oidc' },
  './command/warm-supervisor.ts': { in: './src/command/warm-supervisor.ts', out: 'warm' },
  './operate/status.ts': { in: './src/operate/status.ts', out: 'status' },
  './operate/check.ts': { in: './src/operate/check.ts', out: 'check' },
  './operate/manifests.ts': { in: './src/operate/manifests.ts', out: 'manifests' },
  './operate/observers.ts': { in: './src/operate/observers.ts', out: 'observers' },
  './operate/metrics.ts': { in: './src/operate/metrics.ts', out: 'metrics' },
  './operate/transfer.ts': { in: './src/operate/transfer.ts', out: 'transfer' },
  './sandbox/run.ts': { in: './src/sandbox/run.ts', out: 'sandbox' },
};

/** koffi's native modules, for each architecture that npm has installed: taken as they are. */
export const natives = ['@koromix/koffi-linux-x64', '@koromix/koffi-linux-arm64'];
export const folderOf = (native: string): string => basename(native);

const setApart: Plugin = {
  name: 'set-apart',
  setup(bundler) {
    bundler.onResolve({ filter: /./ }, ({ path, kind }) => {
      if (natives.includes(path)) return { path: `./${folderOf(path)}/index.js`, external: true };
      const part = kind === 'entry-point' ? undefined : parts[path];
      return part === undefined ? undefined : { path: `./${part.out}.cjs`, external: true };
    });
  },
};

/** prom-client would attach traces of OpenTelemetry, which it has not been asked for. */
const leaveTracesOut: Plugin = {
  name: 'leave-traces-out',
  setup(bundler) {
    const namespace = 'no-traces';
    bundler.onResolve({ filter: /^@opentelemetry\/api$/ }, ({ path }) => ({ path, namespace }));
    bundler.onLoad({ filter: /./, namespace }, () => ({ contents: 'export {}' }));
  },
};

const tooOld =
  "var have=process.versions.node.split('.').map(Number);if(have[0]<20||have[0]===20&&have[1]<19){" +
  "process.stderr.write('leader-run: Cannot start: Node.js is '+process.versions.node+': 20.19 or later is required\\n');process.exit(125)}";

const bundles: readonly (BuildOptions & { readonly metafile: true })[] = [
  {
    ...common,
    banner: { js: tooOld },
    entryPoints: ['src/load.ts'],
    outfile: 'dist/leader-run.cjs',
  },
  {
    ...common,
    banner: { js: '(function (require) {' },
    footer: { js: '})' },
    entryPoints: ['src/main.ts'],
    outfile: 'dist/program.js',
    define: { LEADER_RUN_VERSION: JSON.stringify(ownManifest().version) },
    plugins: [leaveOut(), setApart],
  },
  {
    ...common,
    entryPoints: Object.values(parts),
    plugins: [setApart, leaveTracesOut],
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
  },
];

/** Makes all of them, or only says what would be in them. */
export async function bundle({ write }: { write: boolean }): Promise<Metafile[]> {
  const results = await Promise.all(bundles.map((options) => build({ ...options, write })));
  return results.map(({ metafile }) => metafile);
}
