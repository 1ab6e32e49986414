/** Bundles the simulator's workers with the sources that lie beside them, so that a changed copy of both can be run as well. */
import { build } from 'esbuild';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Catch, Hunt } from '../test/simulation/hunt.ts';
import type { Progress, Share } from '../test/simulation/worker.ts';

/** The modules that can be bundled: what each is given, and what it reports. */
export interface SimulatorWorkers {
  readonly worker: { readonly data: Share; readonly message: Progress };
  readonly hunt: { readonly data: Hunt; readonly message: Catch };
}

/** Bundles one of the modules in `root` into `directory`; returns the bundle's address. */
export async function bundleWorker(
  name: keyof SimulatorWorkers,
  root: string,
  directory: string,
): Promise<URL> {
  const outfile = join(directory, `${name}.mjs`);
  await build({
    absWorkingDir: process.cwd(),
    entryPoints: [join(root, `test/simulation/${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'warning',
  });
  return pathToFileURL(outfile);
}

/** Runs a bundle in a thread of its own, without the loader of this process, until it exits. */
export function runWorker<Name extends keyof SimulatorWorkers>(
  bundle: URL,
  workerData: SimulatorWorkers[Name]['data'],
  onMessage: (message: SimulatorWorkers[Name]['message']) => void,
): { readonly exited: Promise<void>; stop(): void } {
  const thread = new Worker(bundle, { workerData, execArgv: [] });
  thread.on('message', onMessage);
  const exited = new Promise<void>((resolve, reject) => {
    thread.on('error', reject);
    thread.on('exit', () => resolve());
  });
  return { exited, stop: () => void thread.terminate() };
}
