/**
 * A command line taken apart by commander, which is told of the flags by their table.
 *
 * Conflicts and variables are read here: of two that conflict a flag beats a variable, a switch may be set to `false`, and
 * commander, which reads `process.env` itself, knows neither.
 */
import { Command, CommanderError, Option } from 'commander';
import { type Flag, type FlagValues, type Flags, camelCase, envVarOf } from './flag.ts';
import type { Program } from './programs.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A command line, read. `values` and `words` are to be used only if nothing was refused. */
export interface ReadLine<F extends Flags> {
  readonly values: FlagValues<F>;
  /** What follows the flags. */
  readonly words: readonly string[];
  /** The texts of the flags that were given, by their names. */
  readonly texts: Readonly<Record<string, string>>;
  /** The first thing that is wrong, in a line for a person; null: nothing. */
  readonly refusal: string | null;
}

/** A setting as it was given: its texts, and the flag or variable that gave it, for messages. */
interface Given {
  readonly texts: readonly string[];
  readonly origin: string;
}

type GivenFlags = ReadonlyMap<string, Given>;

/** Reads `argv` (without node, script and sub-command) and the environment. Never throws. */
export function readLine<F extends Flags>(
  program: Program<F>,
  argv: readonly string[],
  env: Environment,
): ReadLine<F> {
  const { flags } = program;
  const { given: fromWords, words, problem } = split(program, argv);
  const fromVariables = variablesIn(flags, env);
  const given = new Map(
    [...fromVariables]
      .filter(([name]) => ![name, ...conflictsOf(name, flags)].some((one) => fromWords.has(one)))
      .concat([...fromWords]),
  );
  const refusals = [problem, conflictIn(given, flags)];
  const values = Object.entries(flags).map(([name, flag]) => {
    const { value, refusal } = valueOf(flag, given.get(name));
    refusals.push(refusal);
    return [camelCase(name), value];
  });
  return {
    values: Object.fromEntries(values) as FlagValues<F>,
    words,
    texts: Object.fromEntries([...given].map(([name, { texts }]) => [name, texts.join('\n')])),
    refusal: refusals.find((one) => one !== null) ?? null,
  };
}

/** What `--help` prints. */
export function helpOf(program: Program): string {
  return commandOf(program).helpInformation();
}

/** The default of a flag as people write it; "" if there is none to speak of. */
export function defaultTextOf({ value, default: fallback, defaultText }: Flag): string {
  return defaultText ?? (value === undefined ? '' : String(fallback ?? ''));
}

/** commander passes words on as the arguments of a call, for which the words of a command can be too many. */
const mostFlagWords = 10_000;

function split(
  program: Program,
  argv: readonly string[],
): { given: GivenFlags; words: readonly string[]; problem: string | null } {
  const command = commandOf(program);
  const head = argv.slice(0, mostFlagWords);
  try {
    const { operands, unknown } = command.parseOptions(canonical(head, program.flags));
    const [word] = unknown;
    const commandAt = program.runsNoCommand === true ? head.length : head.length - operands.length;
    return {
      given: givenBy(command, program.flags),
      words: program.runsNoCommand === true ? operands : argv.slice(commandAt),
      problem:
        word === undefined
          ? flagAsValue(head.slice(0, commandAt), program)
          : unknownFlag(command, word, program),
    };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { given: givenBy(command, program.flags), words: [], problem: valueless(head.at(-1)) };
  }
}

function commandOf({ name: programName, usage, about, flags, runsNoCommand }: Program): Command {
  const command = new Command()
    .description(about)
    .argument('[command...]')
    .passThroughOptions(runsNoCommand !== true)
    .helpOption(false)
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({
      helpWidth: 80,
      commandUsage: () => `${programName} ${usage}`,
      visibleArguments: () => [],
      optionTerm: ({ flags: term, short }) => (short === undefined ? `    ${term}` : term),
    })
    .exitOverride();
  for (const [name, flag] of Object.entries(flags)) {
    command.addOption(optionOf(name, flag));
    // For `--try=false`.
    if (isSwitch(flag)) command.addOption(new Option(`--no-${name}`).hideHelp());
  }
  return command;
}

function optionOf(name: string, flag: Flag): Option {
  const letter = flag.aliases?.find((alias) => alias.length === 1);
  const term = `--${name}${isSwitch(flag) ? '' : ` <${flag.value}>`}`;
  const byDefault = defaultTextOf(flag);
  const option = new Option(
    letter === undefined ? term : `-${letter}, ${term}`,
    byDefault === ''
      ? flag.help
      : `${flag.help} (${byDefault === 'required' ? '' : 'default: '}${byDefault})`,
  ).helpGroup(`${flag.group}:`);
  return flag.isRepeatable === true
    ? option.argParser((text, before: readonly string[] | undefined) => [...(before ?? []), text])
    : option;
}

function isSwitch(flag: Flag): flag is Flag & { value: undefined } {
  return flag.value === undefined;
}

/**
 * Word by word in commander's form: it knows neither Go's single dash (`-lock-name=x`), nor a second alias, nor `--try=false`.
 * The words of the command may come out changed, too: they are taken from where they came from.
 */
function canonical(words: readonly string[], flags: Flags): string[] {
  let isValue = false;
  return words.map((word) => {
    const found = isValue ? null : flagIn(word, flags);
    isValue = takesNextWord(found);
    if (found === null) return word;
    const { name, flag, text } = found;
    if (text === null) return `--${name}`;
    if (!isSwitch(flag)) return `--${name}=${text}`;
    const parsed = flag.parse(text);
    return parsed.ok ? `--${parsed.value === true ? '' : 'no-'}${name}` : `--${name}=${text}`;
  });
}

/** `--once $KEY --try`, where a script's variable was empty: the first flag, or `--`, that stands where a value belongs is refused. */
function flagAsValue(words: readonly string[], program: Program): string | null {
  let taker: FoundFlag | null = null;
  for (const word of words) {
    if (taker === null) {
      if (word === '--') return null;
      const found = flagIn(word, program.flags);
      taker = takesNextWord(found) ? found : null;
      continue;
    }
    const flag = `--${taker.name}`;
    if (word === '--') return valueless(flag);
    if (isFlag(word, program))
      return `Cannot start: ${flag} has no value: ${JSON.stringify(word)}, the next word, is a flag: if it is the value, write ${flag}=${word}`;
    taker = null;
  }
  return null;
}

/** commander is asked about the forms that it alone knows: `-qv`, `-nprod`, `--no-try`. */
function isFlag(word: string, program: Program): boolean {
  if (!word.startsWith('-')) return false;
  if (flagIn(word, program.flags) !== null) return true;
  try {
    const { operands, unknown } = commandOf(program).parseOptions([word]);
    return operands.length + unknown.length === 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return true;
  }
}

interface FoundFlag {
  readonly name: string;
  readonly flag: Flag;
  readonly text: string | null;
}

function takesNextWord(found: FoundFlag | null): boolean {
  return found !== null && !isSwitch(found.flag) && found.text === null;
}

/** The flag that a word is, in any spelling, and the text behind its "=". */
export function flagIn(word: string, flags: Flags): FoundFlag | null {
  const [, spelling = '', text = null] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const found = Object.entries(flags).find(
    ([name, { aliases = [] }]) => name === spelling || aliases.includes(spelling),
  );
  return found === undefined ? null : { name: found[0], flag: found[1], text };
}

function givenBy(command: Command, flags: Flags): GivenFlags {
  const given = Object.keys(flags).flatMap((name): [string, Given][] => {
    const value = command.getOptionValue(camelCase(name)) as
      string | string[] | boolean | undefined;
    if (value === undefined) return [];
    return [[name, { texts: Array.isArray(value) ? value : [String(value)], origin: `--${name}` }]];
  });
  return new Map(given);
}

/** Templates give every variable a value: an empty one and a switch that is off count as not set. */
function variablesIn(flags: Flags, env: Environment): GivenFlags {
  const given = Object.entries(flags).flatMap(([name, flag]): [string, Given][] => {
    const origin = envVarOf(name);
    const text = env[origin] ?? '';
    if (flag.hasVariable === false || text === '') return [];
    const parsed = isSwitch(flag) ? flag.parse(text) : null;
    if (parsed?.ok === true && parsed.value === false) return [];
    const texts =
      flag.isRepeatable === true ? text.split('\n').filter((line) => line !== '') : [text];
    return [[name, { texts, origin }]];
  });
  return new Map(given);
}

function conflictsOf(name: string, flags: Flags): string[] {
  return Object.keys(flags).filter(
    (other) =>
      flags[name]?.conflicts?.includes(other) === true ||
      flags[other]?.conflicts?.includes(name) === true,
  );
}

function conflictIn(given: GivenFlags, flags: Flags): string | null {
  for (const name of Object.keys(flags).filter((one) => given.has(one))) {
    const other = conflictsOf(name, flags).find((one) => given.has(one));
    if (other !== undefined)
      return `Cannot combine ${given.get(name)?.origin} and ${given.get(other)?.origin}: leave one of them out`;
  }
  return null;
}

function valueOf(flag: Flag, given: Given | undefined): { value: unknown; refusal: string | null } {
  const fallback = flag.isRepeatable === true ? [] : (flag.default ?? null);
  if (given === undefined) return { value: fallback, refusal: null };
  const values: unknown[] = [];
  for (const text of given.texts) {
    const parsed = flag.parse(text);
    if (!parsed.ok) return { value: fallback, refusal: unusable(given.origin, text, parsed.why) };
    values.push(parsed.value);
  }
  return { value: flag.isRepeatable === true ? values : values[0], refusal: null };
}

function unusable(origin: string, text: string, why: string): string {
  return `Cannot use ${origin} ${JSON.stringify(text)}: ${why}`;
}

function valueless(origin = ''): string {
  return `Cannot start: ${origin} has no value: write it as the next word or after "="`;
}

/** commander is asked again, about the name alone: it compares the whole word with the flags that there are. */
function unknownFlag(command: Command, word: string, { flags, name }: Program): string {
  const found = flagIn(word, flags);
  const parsed = found?.text == null ? null : found.flag.parse(found.text);
  if (found?.text != null && parsed?.ok === false) {
    return unusable(`--${found.name}`, found.text, parsed.why);
  }
  const [, spelling] = /^--?([^-=][^=]+)/.exec(word) ?? [];
  try {
    command.parse([spelling === undefined ? word : `--${spelling}`], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return `Cannot start: ${error.message.replace('error: ', '')}: see ${name} --help`;
  }
  return `Cannot start: unknown option '${word}': see ${name} --help`;
}
