/** kubectl and leader-run, each with one request by one kubeconfig. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadCluster } from '../../../src/lease/cluster.ts';
import { connectLease } from '../../../src/lease/connection.ts';
import type { World } from './world.ts';

/** How a client is started. */
export interface Start {
  readonly folder: string;
  readonly kubeconfig: string | null;
  readonly context: string | null;
  readonly env: Readonly<Record<string, string>>;
}

/** What came of it: what the servers and proxies saw, or why it was refused. */
export interface Outcome {
  readonly seen: unknown;
  readonly targets: readonly string[];
  /** In the client's own words; null: it was not refused. */
  readonly refusal: string | null;
}

const timeoutMs = 20_000;

/** The path of kubectl; null if there is none. Google's dispatcher would ask the server for its version first. */
export function findKubectl(): string | null {
  try {
    const path = execFileSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).trim();
    const folder = dirname(realpathSync(path));
    const versions = readdirSync(folder).filter((name) => /^kubectl\.\d+\.\d+$/.test(name));
    const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
    return newest === undefined ? path : join(folder, newest);
  } catch {
    return null;
  }
}

export async function askByKubectl(kubectl: string, start: Start, world: World): Promise<Outcome> {
  const flags = [
    ...(start.kubeconfig === null ? [] : ['--kubeconfig', start.kubeconfig]),
    ...(start.context === null ? [] : ['--context', start.context]),
  ];
  const env = environmentOf(start);
  const options = { cwd: start.folder, env, timeout: timeoutMs };
  const refusal = await new Promise<string | null>((resolve) => {
    execFile(kubectl, [...flags, 'get', '--raw', '/probe'], options, (error, _, stderr) =>
      resolve(error === null ? null : stderr.trim()),
    ).stdin?.end();
  });
  return outcomeOf(world, refusal);
}

export async function askByLeaderRun(start: Start, world: World): Promise<Outcome> {
  return outcomeOf(world, await refusalOfLeaderRun(start));
}

async function refusalOfLeaderRun(start: Start): Promise<string | null> {
  const before = process.cwd();
  process.chdir(start.folder);
  try {
    return await refusalInFolder(start);
  } finally {
    process.chdir(before);
  }
}

async function refusalInFolder(start: Start): Promise<string | null> {
  const loaded = loadCluster({
    kubeconfig: start.kubeconfig,
    context: start.context,
    env: environmentOf(start),
    homeDirectory: join(start.folder, 'home'),
    serviceAccountDirectory: '/nonexistent',
    terminal: { stdin: false, stderr: false },
  });
  if (loaded.id === 'failed') return loaded.message;
  const { cluster } = loaded;
  const api = connectLease({ cluster, namespace: 'default', name: 'lock', userAgent: 'test' });
  try {
    const answer = await api.send({ id: 'get' }, timeoutMs).answer;
    if (answer.id !== 'failed') return null;
    const { failure } = answer;
    return 'message' in failure ? failure.message : failure.reason;
  } finally {
    api.close();
  }
}

function environmentOf({ folder, env }: Start): Record<string, string> {
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  return { PATH: process.env['PATH'] ?? '', HOME: home, ...env };
}

/** Proxies are asked again by who tries again; that is no difference. */
function outcomeOf(world: World, refusal: string | null): Outcome {
  const { seen, targets } = world.take();
  return { seen: seen[0] ?? null, targets: [...new Set(targets)], refusal };
}
