/** The command line and the environment in, checked options out: pure. */
import { type Program, runProgram, subcommands } from './programs.ts';
import type { CommandLine, LogOptions } from './options.ts';
import { logOptionsOf } from './log-options.ts';
import { runOptionsOf } from './run-options.ts';
import { unknownVariables } from './unknown-variables.ts';
import { oneLine } from './text.ts';
import { type Environment, helpOf, readLine } from './words.ts';

/** What is known of this process and not of its command line. */
export interface Surroundings {
  readonly hostname: string;
  /** Fresh for each process: part of the default identity. */
  readonly uuid: string;
  readonly version: string;
}

/** Reads `argv` (without node and script) and the environment. Never throws. */
export function parseCommandLine(
  argv: readonly string[],
  env: Environment,
  surroundings: Surroundings,
): CommandLine {
  const [first = '', ...rest] = argv;
  if (isSubcommand(first)) return parseSubcommand(first, rest, env);
  if (first === 'help') {
    const [name = ''] = rest;
    return print(helpOf(isSubcommand(name) ? subcommands[name] : runProgram));
  }
  return parseRun(argv, env, surroundings);
}

function parseRun(
  argv: readonly string[],
  env: Environment,
  { hostname, uuid, version }: Surroundings,
): CommandLine {
  const { values, words, refusal } = readLine(runProgram, argv, env);
  if (values.help) return print(helpOf(runProgram));
  if (values.version) return print(`${version}\n`);
  const identity = `${env['POD_NAME'] || hostname}_${uuid}`;
  const { options, ...run } = runOptionsOf(values, words, identity, env);
  const problem = refusal ?? run.refusal;
  if (problem !== null) return refused(problem, logOptionsOf(values).format);
  return {
    id: 'run',
    options: { ...options, warnings: [...options.warnings, ...unknownVariables(env)] },
  };
}

export function isSubcommand(word: string): word is keyof typeof subcommands {
  return Object.hasOwn(subcommands, word);
}

function parseSubcommand(
  id: keyof typeof subcommands,
  argv: readonly string[],
  env: Environment,
): CommandLine {
  // Wide, as there may be several: their values have the types of their own flags.
  const program: Program = subcommands[id];
  const { values, words, texts, refusal } = readLine(program, argv, env);
  if (values['help'] === true) return print(helpOf(program));
  if (refusal !== null) return refused(refusal);
  return { id, flags: values as never, words, texts };
}

function print(text: string): CommandLine {
  return { id: 'print', text };
}

function refused(message: string, format: LogOptions['format'] = 'text'): CommandLine {
  return { id: 'refused', message: oneLine(message), format };
}
