/** What `npm run release` made, unpacked once, and the Node.js versions that the npm package is for. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

export const nodeVersions = ['22', '24', '26'] as const;

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder to be /opt/leader-run. */
    folder: string;
    /** The npm package. */
    tarball: string;
    /** For each Node.js the folder that has `node`. */
    nodes: Record<string, string>;
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
  const archive = find(new RegExp(`-linux-${process.arch}\\.tar\\.gz$`));
  execFileSync('tar', ['-xzf', archive, '-C', unpacked]);
  project.provide('folder', join(unpacked, 'opt/leader-run'));
  project.provide('tarball', find(/^leader-run-[\d.]+\.tgz$/));
  project.provide('nodes', Object.fromEntries(nodeVersions.map((each) => [each, nodeOf(each)])));
  return () => rmSync(unpacked, { recursive: true });
}

function nodeOf(version: string): string {
  const name = `node-linux-${process.arch}`;
  const prefix = resolve('.cache/nodes', version);
  const bin = join(prefix, 'node_modules', name, 'bin');
  if (!existsSync(bin)) {
    const words = ['install', '--silent', '--ignore-scripts', '--prefix', prefix];
    execFileSync('npm', [...words, `${name}@${version}`]);
  }
  return bin;
}
