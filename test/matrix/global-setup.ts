/** What `npm run release` made, unpacked once, and what it has to run with: versions of Node.js, a Debian. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { nodeOf } from '../../scripts/node-versions.ts';
import { type Architecture, architectures } from '../../scripts/release/inputs.ts';

export const nodeVersions = ['22', '24', '26'] as const;

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder to be /opt/leader-run, by architecture. */
    folders: Record<string, string>;
    /** That for this machine. */
    folder: string;
    /** The npm package. */
    tarball: string;
    /** For each Node.js the folder that has `node`. */
    nodes: Record<string, string>;
    /** A root file system made by debootstrap, or why there is none. */
    debian: { readonly root: string } | { readonly missing: string };
  }
}

export default function setup(project: TestProject): () => void {
  const release = resolve('release');
  const made = existsSync(release) ? readdirSync(release) : [];
  const find = (pattern: RegExp) => {
    const name = made.find((each) => pattern.test(each));
    if (name === undefined) throw new Error(`Cannot find ${pattern} in release: npm run release`);
    return join(release, name);
  };
  const unpacked = mkdtempSync(join(tmpdir(), 'leader-run-matrix-'));
  const unpack = (architecture: Architecture) => {
    const to = join(unpacked, architecture);
    mkdirSync(to);
    const archive = find(new RegExp(`-linux-${architecture}\\.tar\\.gz$`));
    execFileSync('tar', ['-xzf', archive, '-C', to]);
    return join(to, 'opt/leader-run');
  };
  const folders = Object.fromEntries(architectures.map((each) => [each, unpack(each)]));
  project.provide('folders', folders);
  project.provide('folder', folders[process.arch] ?? '');
  project.provide('tarball', find(/^leader-run-[\d.]+\.tgz$/));
  project.provide('nodes', Object.fromEntries(nodeVersions.map((each) => [each, nodeOf(each)])));
  project.provide('debian', debian());
  return () => rmSync(unpacked, { recursive: true });
}

/** Made once, from where this machine gets its own packages. */
function debian(): { readonly root: string } | { readonly missing: string } {
  const release = 'bookworm';
  const root = resolve('.cache/debian', release);
  if (existsSync(root)) return { root };
  if (process.getuid?.() !== 0) return { missing: 'debootstrap has to be run by root' };
  if (spawnSync('debootstrap', ['--version']).status !== 0)
    return { missing: 'there is no debootstrap(8)' };
  const mirror = mirrors().find((each) => isServed(`${each}/dists/${release}/Release`));
  if (mirror === undefined)
    return { missing: `none of the mirrors of /etc/apt can be reached, or has ${release}` };
  const unfinished = `${root}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  execFileSync('debootstrap', ['--variant=minbase', release, unfinished, mirror]);
  renameSync(unfinished, root);
  return { root };
}

function mirrors(): string[] {
  const words = ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'];
  const { stdout } = spawnSync('apt-get', words, { encoding: 'utf8' });
  return [...new Set(stdout.split('\n').filter((each) => each !== ''))];
}

/** debootstrap asks by wget, too. */
function isServed(url: string): boolean {
  return spawnSync('wget', ['--quiet', '--spider', '--tries=1', '--timeout=10', url]).status === 0;
}
