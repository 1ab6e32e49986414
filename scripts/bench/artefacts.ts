/**
 * `npm run bench:artefacts`: size, start, memory and hand-over of what `npm run release` made, one beside the other, against a
 * sandbox. `-- --rounds N`. Needs no root: the folder is started by its own sh.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startSandbox } from '../../src/sandbox/sandbox.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const rounds = Number(values.rounds);

interface Artefact {
  readonly name: string;
  /** What starts it. */
  readonly words: readonly [string, ...string[]];
  readonly path: string;
  readonly folders: readonly string[];
  /** MB, packed. */
  readonly packed: number;
}

const scratch = mkdtempSync(join(tmpdir(), 'leader-run-artefacts-'));
process.on('exit', () => rmSync(scratch, { recursive: true }));
const sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
const rows = [];
for (const artefact of artefacts()) rows.push(await rowOf(artefact));
console.table(Object.fromEntries(rows));
await sandbox.close();

function artefacts(): Artefact[] {
  const made = readdirSync('release').map((name) => resolve('release', name));
  const archive = made.find((path) => path.endsWith(`-linux-${process.arch}.tar.gz`)) ?? '';
  const tarball = made.find((path) => path.endsWith('.tgz')) ?? '';
  execFileSync('tar', ['-xzf', archive, '-C', scratch]);
  execFileSync('tar', ['-xzf', tarball, '-C', scratch]);
  const PATH = process.env['PATH'] ?? '';
  const nodes = existsSync('.cache/nodes') ? readdirSync('.cache/nodes') : [];
  const bins = nodes.map((version) => {
    const bin = resolve('.cache/nodes', version, `node_modules/node-linux-${process.arch}/bin`);
    return [`npm package, Node.js ${version}`, `${bin}:${PATH}`] as const;
  });
  const npm = join(scratch, 'package');
  const folder = join(scratch, 'opt/leader-run');
  const packages = [[`npm package, Node.js ${process.version}`, PATH] as const, ...bins];
  return [
    ...packages.map(([name, path]): Artefact => ({
      ...{ name, path, words: [join(npm, 'bin/leader-run')], packed: megabytes(tarball) },
      folders: [npm],
    })),
    {
      ...{ name: '/opt/leader-run', path: PATH, folders: [folder], packed: megabytes(archive) },
      words: [join(folder, 'libexec/sh'), join(folder, 'bin/leader-run')],
    },
  ];
}

async function rowOf(artefact: Artefact) {
  const starts: number[] = [];
  const handOvers: number[] = [];
  const memory: Memory[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const lock = `lock-${round}-${artefact.name.replace(/\W+/g, '-').toLowerCase()}z`;
    const beginMs = performance.now();
    const leader = start(artefact, lock);
    await said(leader, 'leads');
    const startMs = performance.now() - beginMs;
    const standby = start(artefact, lock);
    await once(standby.stderr ?? standby, 'data');
    const leaderMemory = memoryOf(leader.pid ?? 0);
    const leads = said(standby, 'leads');
    const termMs = performance.now();
    leader.kill('SIGTERM');
    await leads;
    const handOverMs = performance.now() - termMs;
    const exited = once(standby, 'exit');
    standby.kill('SIGTERM');
    await exited;
    // The first round reads from disk.
    if (round === 0) continue;
    starts.push(startMs);
    handOvers.push(handOverMs);
    memory.push(leaderMemory);
  }
  const { folders, packed, name } = artefact;
  const largest = largestIn(folders);
  const row = {
    'MB unpacked': round(folders.reduce((sum, each) => sum + sizeOf(each), 0)),
    'MB packed': round(packed),
    'start, ms': round(median(starts)),
    'hand-over, ms': round(median(handOvers)),
    'RSS, MB': round(median(memory.map(({ rss }) => rss))),
    'PSS, MB': round(median(memory.map(({ pss }) => pss))),
    largest,
  };
  return [name, row] as const;
}

function start({ words: [file, ...words], path }: Artefact, lock: string): ChildProcess {
  const command = ['sh', '-c', 'trap "exit 0" TERM; echo leads; sleep 60 & wait'];
  return spawn(file, [...words, '--lock-name', lock, '--', ...command], {
    env: { PATH: path, KUBECONFIG: sandbox.kubeconfigPath },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function said(process: ChildProcess, word: string): Promise<void> {
  for (;;) {
    const [chunk] = (await once(process.stdout ?? process, 'data')) as [Buffer];
    if (chunk.toString().includes(word)) return;
  }
}

interface Memory {
  readonly rss: number;
  readonly pss: number;
}

/** Of node alone, in MB. */
function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (key: string) => Number(new RegExp(`^${key}: +(\\d+)`, 'm').exec(text)?.[1]) / 1024;
  return { rss: of('Rss'), pss: of('Pss') };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function largestIn(folders: readonly string[]): string {
  const [file = ''] = folders.flatMap(filesIn).sort((a, b) => statSync(b).size - statSync(a).size);
  return `${file.replace(/^.*\/(package|leader-run)\//, '')} ${round(megabytes(file))}`;
}

function sizeOf(folder: string): number {
  return filesIn(folder).reduce((sum, file) => sum + megabytes(file), 0);
}

function megabytes(file: string): number {
  return statSync(file).size / 1e6;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
