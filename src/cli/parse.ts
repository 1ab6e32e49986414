/**
 * The command line and the environment in, checked options out: pure, but for what commander does to itself.
 *
 * commander finds the flags, their values and the command's first word; what the values mean is read here.
 */
import { Command, CommanderError, Option } from 'commander';
import {
  checkFlags,
  manifestsFlags,
  reservedWords,
  runFlags,
  sandboxFlags,
  statusFlags,
  flagsWithEnvVar,
  envVarOf,
  type Flag,
} from './flags.ts';
import { checkHelp, manifestsHelp, runHelp, sandboxHelp, statusHelp } from './help.ts';
import type { CommandLine } from './options.ts';
import { readLogOptions } from './log-options.ts';
import { readManifestsOptions } from './manifests-options.ts';
import { readCheckOptions, readStatusOptions } from './operate-options.ts';
import { Reader, parseSwitch, type Given } from './reader.ts';
import { readRunOptions } from './run-options.ts';
import { readSandboxOptions } from './sandbox-options.ts';
import { unknownVariables } from './unknown-variables.ts';
import { oneLine } from './text.ts';
import { canonicalWords } from './canonical-flags.ts';

/** What is known of this process and not of its command line. */
export interface Surroundings {
  readonly hostname: string;
  /** Fresh for each process: part of the default identity. */
  readonly uuid: string;
  readonly version: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads `argv` (without node and script) and the environment. Never throws. */
export function parseCommandLine(
  argv: readonly string[],
  env: Environment,
  surroundings: Surroundings,
): CommandLine {
  const [first = '', ...rest] = argv;
  if (first === 'sandbox') return parseSandbox(rest);
  const look = looks.get(first);
  if (look !== undefined) return parseLook(`leader-run ${first} --help`, rest, env, look);
  if (first === 'manifests') return parseManifests(rest);
  if (first === 'help') return { id: 'print', text: runHelp };
  if (reservedWords.includes(first)) {
    return refused(
      `Cannot run ${first}: the word is reserved for a future sub-command. To run a command of that name write leader-run -- ${first}`,
    );
  }
  return parseRun(argv, env, surroundings);
}

function parseRun(
  argv: readonly string[],
  env: Environment,
  { hostname, uuid, version }: Surroundings,
): CommandLine {
  const twins = envVarsIn(env);
  const words = split(argv, runFlags, 'leader-run --help');
  if (words.id === 'refused') {
    // Of the flags nothing is known then.
    return { ...words, format: readLogOptions(new Reader(new Map(), twins)).format };
  }
  const reader = new Reader(words.flags, twins);
  if (reader.read('help', parseSwitch, false)) return { id: 'print', text: runHelp };
  if (reader.read('version', parseSwitch, false)) return { id: 'print', text: `${version}\n` };
  const identity = `${env['POD_NAME'] || hostname}_${uuid}`;
  const options = readRunOptions(reader, identity, words.command, env);
  if (reader.refusal !== null) return { ...refused(reader.refusal), format: options.log.format };
  return {
    id: 'run',
    options: { ...options, warnings: [...options.warnings, ...unknownVariables(env)] },
  };
}

function parseSandbox(argv: readonly string[]): CommandLine {
  const words = split(argv, sandboxFlags, 'leader-run sandbox --help');
  if (words.id === 'refused') return words;
  const reader = new Reader(words.flags, new Map());
  if (reader.read('help', parseSwitch, false)) return { id: 'print', text: sandboxHelp };
  const options = readSandboxOptions(reader, words.command);
  return reader.refusal === null ? { id: 'sandbox', options } : refused(reader.refusal);
}

/** The variables of a run are not read: what is printed shall follow from the line alone. */
function parseManifests(argv: readonly string[]): CommandLine {
  const flags = [...manifestsFlags, ...runFlags.filter(({ name }) => name !== 'help')];
  const words = split(argv, flags, 'leader-run manifests --help');
  if (words.id === 'refused') return words;
  const reader = new Reader(words.flags, new Map());
  if (reader.read('help', parseSwitch, false)) return { id: 'print', text: manifestsHelp };
  const options = readManifestsOptions(reader, words.command);
  return reader.refusal === null ? { id: 'manifests', options } : refused(reader.refusal);
}

/** A sub-command without a command. */
interface Look {
  readonly flags: readonly Flag[];
  readonly help: string;
  readonly read: (reader: Reader, words: readonly string[], env: Environment) => CommandLine;
}

const looks: ReadonlyMap<string, Look> = new Map(
  Object.entries({
    status: {
      flags: statusFlags,
      help: statusHelp,
      read: (...given) => ({ id: 'status', options: readStatusOptions(...given) }),
    },
    check: {
      flags: checkFlags,
      help: checkHelp,
      read: (...given) => ({ id: 'check', options: readCheckOptions(...given) }),
    },
  } satisfies Record<string, Look>),
);

/** Its flags and words come in any order, and it has the variables of a run. */
function parseLook(
  help: string,
  argv: readonly string[],
  env: Environment,
  look: Look,
): CommandLine {
  const given = new Map<string, Given>();
  const words: string[] = [];
  for (let rest = argv; rest.length > 0;) {
    const part = split(rest, look.flags, help);
    if (part.id === 'refused') return part;
    for (const [name, value] of part.flags) given.set(name, value);
    words.push(...part.command.slice(0, 1));
    rest = part.command.slice(1);
  }
  const reader = new Reader(given, envVarsIn(env));
  if (reader.read('help', parseSwitch, false)) return { id: 'print', text: look.help };
  const line = look.read(reader, words, env);
  return reader.refusal === null ? line : refused(reader.refusal);
}

interface Split {
  readonly id: 'split';
  readonly flags: ReadonlyMap<string, Given>;
  readonly command: readonly string[];
}

/** Flags and command apart. */
function split(
  argv: readonly string[],
  flags: readonly Flag[],
  help: string,
): Split | (CommandLine & { id: 'refused' }) {
  const program = new Command()
    .argument('[command...]')
    .passThroughOptions()
    .helpOption(false)
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  const { head, tail } = canonicalWords(argv, flags);
  const options = flags.map(({ name }) => new Option(`--${name} <value>`));
  for (const option of options) program.addOption(option);
  try {
    program.parse(head, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return refused(commanderSays(error, help));
    throw error;
  }
  const given = options.flatMap((option): [string, Given][] => {
    const text: unknown = program.getOptionValue(option.attributeName());
    return typeof text === 'string'
      ? [[option.name(), { text, origin: `--${option.name()}` }]]
      : [];
  });
  return { id: 'split', flags: new Map(given), command: [...program.args, ...tail] };
}

/** The twins that are set. Templates give every variable a value: an empty one and a switch that is off count as not set. */
function envVarsIn(env: Environment): ReadonlyMap<string, Given> {
  const given = flagsWithEnvVar.flatMap(({ name, isSwitch }): [string, Given][] => {
    const origin = envVarOf(name);
    const text = env[origin] ?? '';
    const switched = isSwitch ? parseSwitch(text) : null;
    const isOff = switched?.ok === true && !switched.value;
    return text === '' || isOff ? [] : [[name, { text, origin }]];
  });
  return new Map(given);
}

/** commander's two complaints that can occur here, in our words. */
function commanderSays({ message }: CommanderError, help: string): string {
  const [, unknown, suggestion] =
    /unknown option '([^]*)'(?:\n\(Did you mean (.+)\?\))?$/.exec(message) ?? [];
  if (unknown !== undefined) {
    const advice = suggestion === undefined ? `see ${help}` : `did you mean ${suggestion}?`;
    return `Cannot start: there is no flag ${unknown}: ${advice}`;
  }
  const [, valueless] = /option '(--[\w-]+) <value>' argument missing/.exec(message) ?? [];
  return valueless === undefined
    ? `Cannot start: ${message.replace(/^error: /, '').replaceAll('\n', ' ')}`
    : `Cannot start: ${valueless} has no value: write it as the next word or after "="`;
}

function refused(message: string): CommandLine & { id: 'refused' } {
  return { id: 'refused', message: oneLine(message), format: 'text' };
}
