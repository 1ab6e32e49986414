/**
 * Finds etcd, kube-apiserver and client-go's leader election example, or builds them from their Go modules.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { kept, runTool, type Say } from './cache.ts';

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

/** What Kubernetes' conformance test of Leases asks of an API server. */
const conformance: Program = { name: 'conformance', module: 'candidate', package: './conformance' };

/** The programs of $KUBEBUILDER_ASSETS where that is set, the cached or freshly built ones else; throws when it can have neither. */
export async function findBinaries(say: Say): Promise<Binaries> {
  return {
    etcd: assetOf(programs.etcd) ?? (await built(programs.etcd, say)),
    apiserver: assetOf(programs.apiserver) ?? (await built(programs.apiserver, say)),
    clientGo: await built(programs.clientGo, say),
  };
}

/** Builds {@link recorder}, for the one test that needs it. */
export function buildRecorder(say: Say): Promise<string> {
  return built(recorder, say);
}

/** Builds {@link conformance}. */
export function buildConformance(say: Say): Promise<string> {
  return built(conformance, say);
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

function built(program: Program, say: Say): Promise<string> {
  const folder = join(import.meta.dirname, program.module);
  const isOurs = program.package.startsWith('.');
  const sources = [
    join(folder, 'go.sum'),
    ...(isOurs ? [join(folder, program.package, 'main.go')] : []),
  ];
  return kept(program.name, sources, say, (output) =>
    runTool('go', ['build', '-o', output, program.package], { cwd: folder }),
  );
}
