/**
 * What tests build or install once: kept in the project's cache, and made again only when what it is made of changes.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Hears what is being built. */
export type Say = (line: string) => void;

const folder = resolve(import.meta.dirname, '../../.cache/cluster');
const progressEveryMs = 15_000;

export const sayOnStderr: Say = (line) => process.stderr.write(`cluster: ${line}\n`);

/**
 * The path, a file or a folder, that `make` has made once from these sources. It is made under another name and renamed, so that two
 * runs at once never use what is half written.
 */
export async function kept(
  name: string,
  sources: readonly string[],
  say: Say,
  make: (path: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const path = join(folder, `${name}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(path)) return path;

  mkdirSync(folder, { recursive: true });
  const partial = `${path}.${process.pid}`;
  const startedAtMs = performance.now();
  const seconds = () => `${Math.round((performance.now() - startedAtMs) / 1000)} s`;
  say(`building ${name} (the first build of everything takes about 5 minutes)`);
  const progress = setInterval(() => say(`still building ${name}: ${seconds()}`), progressEveryMs);
  try {
    await make(partial);
  } finally {
    clearInterval(progress);
  }
  renameSync(partial, path);
  say(`built ${name} in ${seconds()}`);
  return path;
}

/** Runs it to its end; rejects unless it succeeds. What it prints is seen. */
export function runTool(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<void> {
  return new Promise((resolvePromise, reject) => {
    const tool = spawn(file, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });
    tool.on('error', (cause) => reject(new Error(`Cannot start ${file}: install it`, { cause })));
    tool.on('exit', (code, signal) => {
      if (code === 0) resolvePromise();
      else
        reject(
          new Error(
            `Cannot build: ${file} ${args.join(' ')} ended with ${code ?? signal}: its output above says why`,
          ),
        );
    });
  });
}
