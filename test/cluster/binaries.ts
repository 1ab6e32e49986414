/**
 * Finds etcd, kube-apiserver and client-go's leader election example, or builds them from their Go modules.
 *
 * What is built is kept in the project's cache and is built again only when a module's go.sum changes.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Paths of the programs that a cluster test runs. */
export interface Binaries {
  readonly etcd: string;
  readonly apiserver: string;
  /** client-go's leader election example: a real candidate of another make. */
  readonly clientGo: string;
}

interface Program {
  readonly name: string;
  /** Folder of its go.mod, beside this file. */
  readonly module: string;
  readonly package: string;
}

const programs = {
  etcd: { name: 'etcd', module: 'kube/etcd', package: 'go.etcd.io/etcd/server/v3' },
  apiserver: {
    name: 'kube-apiserver',
    module: 'kube/apiserver',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
  },
  clientGo: {
    name: 'leader-election',
    module: 'candidate',
    package: 'k8s.io/client-go/examples/leader-election',
  },
} as const satisfies Record<keyof Binaries, Program>;

/** A candidate of client-go's that leaves Events, which the example does not. */
const recorder: Program = { name: 'recorder', module: 'candidate', package: './recorder' };

const cacheFolder = resolve(import.meta.dirname, '../../.cache/cluster');
const progressEveryMs = 15_000;

/** The programs of $KUBEBUILDER_ASSETS where that is set, the cached or freshly built ones else; throws when it can have neither. */
export async function findBinaries(say: (line: string) => void): Promise<Binaries> {
  return {
    etcd: assetOf(programs.etcd) ?? (await built(programs.etcd, say)),
    apiserver: assetOf(programs.apiserver) ?? (await built(programs.apiserver, say)),
    clientGo: await built(programs.clientGo, say),
  };
}

/** Builds {@link recorder}, for the one test that needs it. */
export function buildRecorder(say: (line: string) => void): Promise<string> {
  return built(recorder, say);
}

function assetOf({ name }: Program): string | null {
  const folder = process.env['KUBEBUILDER_ASSETS'];
  if (folder === undefined || folder === '') return null;
  const path = resolve(folder, name);
  if (existsSync(path)) return path;
  throw new Error(
    `Cannot run cluster tests as KUBEBUILDER_ASSETS=${folder} holds no ${name}: unset it to have it built, or run setup-envtest`,
  );
}

/** Builds into a name of its own and renames, so that two runs at once never start a half-written program. */
async function built(program: Program, say: (line: string) => void): Promise<string> {
  const moduleFolder = join(import.meta.dirname, program.module);
  const hash = createHash('sha256').update(readFileSync(join(moduleFolder, 'go.sum')));
  if (program.package.startsWith('.'))
    hash.update(readFileSync(join(moduleFolder, program.package, 'main.go')));
  const key = hash.digest('hex').slice(0, 12);
  const path = join(cacheFolder, `${program.name}-${key}`);
  if (existsSync(path)) return path;

  mkdirSync(cacheFolder, { recursive: true });
  const partial = `${path}.${process.pid}`;
  const startedAtMs = performance.now();
  const seconds = () => `${Math.round((performance.now() - startedAtMs) / 1000)} s`;
  say(`building ${program.name} (the first build of everything takes about 5 minutes)`);
  const progress = setInterval(
    () => say(`still building ${program.name}: ${seconds()}`),
    progressEveryMs,
  );
  try {
    await goBuild(moduleFolder, program.package, partial);
  } finally {
    clearInterval(progress);
  }
  renameSync(partial, path);
  say(`built ${program.name} in ${seconds()}`);
  return path;
}

function goBuild(moduleFolder: string, packagePath: string, output: string): Promise<void> {
  return new Promise((resolvePromise, reject) => {
    const go = spawn('go', ['build', '-o', output, packagePath], {
      cwd: moduleFolder,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    go.on('error', (cause) =>
      reject(
        new Error(
          'Cannot build the API server as go does not start: install Go 1.26 or set KUBEBUILDER_ASSETS',
          { cause },
        ),
      ),
    );
    go.on('exit', (code, signal) => {
      if (code === 0) resolvePromise();
      else
        reject(
          new Error(
            `Cannot build ${packagePath} as go build in ${moduleFolder} ended with ${code ?? signal}: its output above says why`,
          ),
        );
    });
  });
}
