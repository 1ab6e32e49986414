/** `tsx scripts/on-node.ts 26 COMMAND`: runs a command on another Node.js, for which it is first in PATH. */
import { spawnSync } from 'node:child_process';
import { nodeOf } from './node-versions.ts';

const [version = '', command = '', ...words] = process.argv.slice(2);
try {
  const PATH = `${nodeOf(version)}:${process.env['PATH'] ?? ''}`;
  const { status, error } = spawnSync(command, words, {
    stdio: 'inherit',
    env: { ...process.env, PATH },
  });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
