/**
 * `npm run picture`: plays hand-overs between two replicas against the sandbox, and draws the median one as `docs/hand-over.svg`.
 * The instants are those of the command itself, of a pipe that all its processes hold, and of a watch on the Lease.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { type Sandbox, startSandbox } from '../src/sandbox/sandbox.ts';
import { parseWorkerLine } from '../test/fixtures/judge.ts';
import { type HandOver, drawHandOver } from './hand-over-drawing.ts';

const root = join(import.meta.dirname, '..');
const worker = join(root, 'test/fixtures/worker.mjs');
const rounds = 11;

/** Unix time with fractions, as the workers write it. */
const nowMs = (): number => performance.timeOrigin + performance.now();

interface Replica {
  readonly process: ChildProcess;
  readonly startedAtMs: Promise<number>;
  readonly signalledAtMs: Promise<number>;
  readonly treeGoneAtMs: Promise<number>;
  readonly waiting: Promise<unknown>;
}

/** leader-run around a worker that leaves a process behind. All of its processes hold the pipe, and nothing but them. */
function startReplica(name: string, folder: string, env: NodeJS.ProcessEnv): Replica {
  const pipe = join(folder, name);
  execFileSync('mkfifo', [pipe]);
  const command = 'exec 9>"$0"; sleep 1000 & exec "$@"';
  const words = ['--lock-name', 'picture', '--log-format', 'json', '--', 'sh', '-c', command];
  const child = spawn(join(root, 'bin/leader-run'), [...words, pipe, process.execPath, worker], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = createInterface(child.stdout);
  const next = (event: string): Promise<number> =>
    new Promise((resolve) => {
      lines.on('line', (text) => {
        const line = parseWorkerLine(text);
        if (line?.event === event) resolve(line.atMs);
      });
    });
  const log = createInterface(child.stderr);
  const waiting = new Promise((resolve) => {
    log.on('line', (text) => text.includes('"event":"waiting"') && resolve(null));
  });
  const reader = createReadStream(pipe);
  reader.resume();
  return {
    process: child,
    startedAtMs: next('start'),
    signalledAtMs: next('signal'),
    treeGoneAtMs: once(reader, 'end').then(nowMs),
    waiting,
  };
}

/** The next time that the Lease has no holder. */
async function nextRelease({ url, token }: Sandbox): Promise<{ atMs: Promise<number> }> {
  const leases = `${url}/apis/coordination.k8s.io/v1/namespaces/default/leases`;
  const headers = { authorization: `Bearer ${token}` };
  const { metadata } = (await (await fetch(leases, { headers })).json()) as {
    metadata: { resourceVersion: string };
  };
  const query = `watch=1&resourceVersion=${metadata.resourceVersion}`;
  const { body } = await fetch(`${leases}?${query}`, { headers });
  if (body === null) throw new Error('The watch has no body');
  const stream = Readable.fromWeb(body);
  const lines = createInterface(stream);
  const atMs = new Promise<number>((resolve) => {
    lines.on('line', (line) => {
      const { object } = JSON.parse(line) as { object: { spec?: { holderIdentity?: string } } };
      if (object.spec?.holderIdentity) return;
      resolve(nowMs());
      lines.close();
      stream.destroy();
    });
  });
  return { atMs };
}

async function play(round: number, folder: string, sandbox: Sandbox): Promise<HandOver> {
  const env = { ...process.env, KUBECONFIG: sandbox.kubeconfigPath };
  const leader = startReplica(`leader-${round}`, folder, env);
  await leader.startedAtMs;
  const standby = startReplica(`standby-${round}`, folder, env);
  await standby.waiting;
  const release = await nextRelease(sandbox);
  const sentAtMs = nowMs();
  leader.process.kill('SIGTERM');
  const [toldAtMs, goneAtMs, releasedAtMs, startAtMs] = await Promise.all([
    leader.signalledAtMs,
    leader.treeGoneAtMs,
    release.atMs,
    standby.startedAtMs,
  ]);
  const over = once(standby.process, 'exit');
  standby.process.kill('SIGTERM');
  await over;
  return {
    signalMs: toldAtMs - sentAtMs,
    goneMs: goneAtMs - sentAtMs,
    releasedMs: releasedAtMs - sentAtMs,
    startMs: startAtMs - sentAtMs,
  };
}

const folder = mkdtempSync(join(tmpdir(), 'leader-run-picture-'));
const sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
try {
  const played: HandOver[] = [];
  for (let round = 0; round < rounds; round++) played.push(await play(round, folder, sandbox));
  const sorted = played.toSorted((a, b) => a.startMs - b.startMs);
  const median = sorted[Math.floor(rounds / 2)];
  if (median === undefined) throw new Error('Nothing was played');
  console.log(median);
  writeFileSync(join(root, 'docs/hand-over.svg'), drawHandOver(median, rounds));
} finally {
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
}
