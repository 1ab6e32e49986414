// Bundles the simulator with the sources that lie beside it, so that a changed copy of both can be run as well.
import { build } from 'esbuild';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const modules = ['simulator', 'worker', 'hunt'];

/** Bundles what is in `root` into `directory`; gives the modules' addresses. */
export async function bundleSimulator(root, directory) {
  await build({
    absWorkingDir: process.cwd(),
    entryPoints: modules.map((name) => join(root, `test/simulation/${name}.ts`)),
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'warning',
  });
  const [simulator, worker, hunt] = modules.map((name) =>
    pathToFileURL(join(directory, `${name}.mjs`)),
  );
  return { simulator: simulator.href, worker, hunt };
}
