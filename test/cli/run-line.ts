/** Reads a command line as a process on host "host" with a known uuid would. */
import { parseCommandLine } from '../../src/cli/parse.ts';
import type { Environment } from '../../src/cli/words.ts';
import type { CommandLine, RunOptions } from '../../src/cli/options.ts';

export const surroundings = { hostname: 'host', uuid: '4f1c', version: '1.2.3' };

/** What is made of these words and this environment. */
export function read(words: readonly string[], env: Environment = {}): CommandLine {
  return parseCommandLine(words, env, surroundings);
}

/** The options of a command line that must be accepted; `--lock-name x` and a command are added. */
export function options(words: readonly string[], env: Environment = {}): RunOptions {
  const line = read(['--lock-name', 'x', ...words, '--', 'true'], env);
  if (line.id !== 'run') throw new Error(`Not accepted: ${JSON.stringify(line)}`);
  return line.options;
}

/** The message of a command line that must be refused. */
export function refusal(words: readonly string[], env: Environment = {}): string {
  const line = read(words, env);
  if (line.id !== 'refused') throw new Error(`Not refused: ${JSON.stringify(line)}`);
  return line.message;
}

/** As {@link refusal}, with a lock name and a command around the words. */
export function refusalOf(words: readonly string[], env: Environment = {}): string {
  return refusal(['--lock-name', 'x', ...words, '--', 'true'], env);
}
