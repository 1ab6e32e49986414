/** Other versions of Node.js than the one that runs this, from npm, kept in .cache/nodes. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder that has `node`; installs it when it is asked for first. */
export function nodeOf(version: string): string {
  const name = `node-linux-${process.arch}`;
  const prefix = resolve('.cache/nodes', version);
  const bin = join(prefix, 'node_modules', name, 'bin');
  if (existsSync(bin)) return bin;
  const words = ['install', '--silent', '--ignore-scripts', '--prefix', prefix];
  try {
    execFileSync('npm', [...words, `${name}@${version}`]);
  } catch (cause) {
    throw new Error(
      `Cannot install Node.js ${version} from npm into "${prefix}": the registry has to be reached once`,
      { cause },
    );
  }
  return bin;
}
