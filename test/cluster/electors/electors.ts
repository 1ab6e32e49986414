/**
 * Leader electors of other makes, as candidates: how each is had, started, and seen to lead or to wait. All lead for 6 s, and write
 * once a second, but for client-go's example (60 s, 15 s, 5 s).
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { termsOf, type Term } from '../../fixtures/judge.ts';
import { kept, runTool, sayOnStderr } from '../cache.ts';
import { Candidate, clientGoTerm, startClientGo } from '../candidates.ts';

/** Where a candidate stands. */
export interface Place {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly lockName: string;
  readonly identity: string;
}

export interface Elector {
  readonly name: string;
  /** What builds and runs it; without that it cannot take part. */
  readonly tool: readonly [string, ...string[]];
  /** Speaks TLS, as an API server asks for. */
  readonly hasTls: boolean;
  /** Builds or installs it, once; gives what {@link start} needs of that. */
  readonly prepare: () => Promise<string>;
  readonly start: (prepared: string, place: Place) => Candidate;
  /** What it prints of a Lease that another holds. */
  readonly waits: RegExp;
  /** When it led; null: it has not yet. */
  readonly termOf: (candidate: Candidate) => Term | null;
}

const file = (...names: string[]) => join(import.meta.dirname, ...names);
const wordsOf = ({ kubeconfig, namespace, lockName, identity }: Place) =>
  [kubeconfig, namespace, lockName, identity] as const;

/** Electors of ours speak like workers: from "start" to "end", or until now. */
function termOfWorker({ workerLines, hasEnded }: Candidate): Term | null {
  const [term] = termsOf(workerLines);
  if (term === undefined) return null;
  const leads = workerLines.at(-1)?.event !== 'end' && !hasEnded;
  return leads ? { ...term, endMs: Date.now() } : term;
}

export function clientGo(path: string): Elector {
  return {
    name: 'client-go',
    tool: ['go', 'version'],
    hasTls: true,
    prepare: () => Promise.resolve(path),
    start: (program, { kubeconfig, ...place }) =>
      startClientGo({ clientGo: program, adminKubeconfig: kubeconfig }, place),
    waits: /new leader elected/,
    termOf: (candidate) => clientGoTerm(candidate, 'client-go'),
  };
}

export const clientNode: Elector = {
  name: 'client-node',
  tool: ['npm', '--version'],
  hasTls: true,
  prepare: () => {
    const sources = [file('node/package-lock.json')];
    return kept('elector-node', sources, sayOnStderr, async (folder) => {
      await cp(file('node'), folder, { recursive: true });
      await runTool('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
    });
  },
  start: (folder, place) =>
    new Candidate(process.execPath, [file('node/elector.mjs'), folder, ...wordsOf(place)]),
  waits: /attempting to become leader/,
  termOf: termOfWorker,
};

export const python: Elector = {
  name: 'Python',
  tool: ['python3', '-c', 'import ensurepip, venv'],
  hasTls: true,
  prepare: () => {
    const requirements = file('python/requirements.txt');
    return kept('elector-python', [requirements], sayOnStderr, async (folder) => {
      await runTool('python3', ['-m', 'venv', folder]);
      const pip = ['-m', 'pip', 'install', '-q', '--no-compile', '-r', requirements];
      await runTool(join(folder, 'bin', 'python'), pip);
    });
  },
  start: (folder, place) =>
    new Candidate(join(folder, 'bin', 'python'), [file('python/elector.py'), ...wordsOf(place)]),
  waits: /has not expired/,
  termOf: termOfWorker,
};

export const rust: Elector = {
  name: 'Rust',
  tool: ['cargo', '--version'],
  hasTls: false,
  prepare: () => {
    const sources = ['rust/Cargo.lock', 'rust/Cargo.toml', 'rust/src/main.rs'];
    return kept(
      'elector-rust',
      sources.map((name) => file(name)),
      sayOnStderr,
      async (program) => {
        const target = await mkdtemp(join(tmpdir(), 'leader-run-rust-'));
        const env = { ...process.env, CARGO_TARGET_DIR: target };
        await runTool('cargo', ['build', '--quiet', '--locked'], { cwd: file('rust'), env });
        await cp(join(target, 'debug', 'elector'), program);
        await rm(target, { recursive: true });
      },
    );
  },
  start: (program, place) => new Candidate(program, wordsOf(place)),
  waits: /^waiting$/,
  termOf: termOfWorker,
};

/** Whether it can take part on this machine; says so if it cannot. */
export function canRun({ name, tool: [program, ...args] }: Elector): boolean {
  if (spawnSync(program, args).status === 0) return true;
  sayOnStderr(`${program} is not there: the elector of ${name} is skipped`);
  return false;
}
