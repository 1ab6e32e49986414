/** The programs that are measured: what is built of them and how they are started. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Cluster } from '../../test/cluster/server.ts';
import { Candidate } from './candidate.ts';

export type ProgramName = 'leader-run' | 'wrapper' | 'example' | 'etcdctl';

/** What one candidate is started with. */
export interface Start {
  readonly lock: string;
  readonly kubeconfig: string;
  /** The command ends by itself at once. */
  readonly isBrief?: boolean;
  /** Of leader-run alone. */
  readonly flags?: readonly string[];
  readonly identity?: string;
  /** What runs before the command's first instruction, in sh. */
  readonly before?: string;
}

export interface Program {
  readonly name: ProgramName;
  readonly title: string;
  readonly leaseDurationMs: number;
  /** It uses the API server, not etcd. */
  readonly usesLeases: boolean;
  /** What a standby prints when it waits; null: nothing. */
  readonly waitingLine: string | null;
  readonly start: (start: Start) => Candidate;
}

export type Programs = Readonly<Record<ProgramName, Program>> & {
  /** The command of them all. */
  readonly stamp: string;
  /** A copy of this project's program, so that a build meanwhile does not matter; to be removed. */
  readonly folder: string;
};

const root = resolve(import.meta.dirname, '../..');
const cache = join(root, '.cache/bench');

/** Builds what is not built yet. */
export async function buildPeers(): Promise<void> {
  mkdirSync(cache, { recursive: true });
  await goBuild(join(import.meta.dirname, 'peers'), `${cache}/`, './wrapper', './stamp');
  const etcd = join(root, 'test/cluster/kube/etcd');
  await goBuild(etcd, join(cache, 'etcdctl'), 'go.etcd.io/etcd/etcdctl/v3');
}

/** How each program is started against this cluster. */
export function findPrograms(cluster: Cluster): Programs {
  const folder = mkdtempSync(join(tmpdir(), 'leader-run-bench-'));
  for (const part of ['bin', 'dist'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  const stamp = join(cache, 'stamp');
  const command = (isBrief = false) => (isBrief ? [stamp, 'briefly'] : [stamp]);
  const etcdUrl = etcdUrlOf(cluster);
  let ids = 0;
  const id = () => `candidate-${(ids += 1)}`;
  return {
    stamp,
    folder,
    'leader-run': {
      name: 'leader-run',
      title: 'leader-run',
      leaseDurationMs: 15_000,
      usesLeases: true,
      waitingLine: 'Waiting for lease',
      start: ({ lock, kubeconfig, isBrief, flags = [], before = null, identity = id() }) =>
        new Candidate([
          join(folder, 'bin/leader-run'),
          ...['--kubeconfig', kubeconfig, '--lock-namespace', 'default', '--lock-name', lock],
          ...['--id', identity, ...flags, '--'],
          ...(before === null ? [] : ['sh', '-c', `${before}; exec "$@"`, 'sh']),
          ...command(isBrief),
        ]),
    },
    wrapper: {
      name: 'wrapper',
      title: 'client-go wrapper',
      leaseDurationMs: 15_000,
      usesLeases: true,
      waitingLine: 'ttempting to acquire',
      start: ({ lock, kubeconfig, isBrief }) =>
        new Candidate([
          join(cache, 'wrapper'),
          ...['-kubeconfig', kubeconfig, '-lock-name', lock, '-id', id(), ...command(isBrief)],
        ]),
    },
    example: {
      name: 'example',
      title: "client-go's example (60s/15s/5s)",
      leaseDurationMs: 60_000,
      usesLeases: true,
      waitingLine: 'ttempting to acquire',
      start: ({ lock, kubeconfig }) =>
        new Candidate(
          [
            cluster.clientGo,
            ...[`-kubeconfig=${kubeconfig}`, `-id=${id()}`],
            ...[`-lease-lock-name=${lock}`, '-lease-lock-namespace=default'],
          ],
          'Controller loop',
        ),
    },
    etcdctl: {
      name: 'etcdctl',
      title: 'etcdctl lock, on etcd itself',
      leaseDurationMs: 10_000,
      usesLeases: false,
      waitingLine: null,
      start: ({ lock, isBrief }) =>
        new Candidate([
          join(cache, 'etcdctl'),
          ...[`--endpoints=${etcdUrl}`, 'lock', lock, ...command(isBrief)],
        ]),
    },
  };
}

function etcdUrlOf({ etcd }: Cluster): string {
  const args = readFileSync(`/proc/${etcd.pid ?? 'self'}/cmdline`, 'utf8').split('\0');
  const url = args[args.indexOf('--listen-client-urls') + 1];
  if (url === undefined) throw new Error('etcd does not run');
  return url;
}

async function goBuild(folder: string, output: string, ...packages: string[]): Promise<void> {
  const go = spawn('go', ['build', '-o', output, ...packages], { cwd: folder, stdio: 'inherit' });
  const [code] = (await once(go, 'exit')) as [number | null];
  if (code !== 0)
    throw new Error(
      `Cannot build ${packages.join(' ')}: go build ended with ${code ?? 'a signal'}`,
    );
}
