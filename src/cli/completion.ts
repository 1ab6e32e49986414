/** What a shell may offer for a word of a command line: pure, from the tables of flags. */
import type { Completes } from './flag.ts';
import { isSubcommand } from './parse.ts';
import { type Program, runProgram, subcommands } from './programs.ts';
import { defaultTextOf, flagIn, readLine, type Environment } from './words.ts';

/** One word that is offered, and what it means. */
export interface Offer {
  readonly word: string;
  readonly help: string;
}

export type Completion =
  | { readonly id: 'offers'; readonly offers: readonly Offer[] }
  /** The command begins at this word of the line, counted from 0. */
  | { readonly id: 'command'; readonly at: number }
  | { readonly id: 'files' }
  /** Names, which are to be looked up with these settings. Each offer begins with `before`. */
  | {
      readonly id: 'names';
      readonly of: 'contexts' | 'namespaces' | 'leases';
      readonly before: string;
      readonly settings: Readonly<Record<string, string>>;
    };

/** `words` are those behind `leader-run`; the last one is to be completed, and may be empty. */
export function complete(words: readonly string[], env: Environment): Completion {
  const [first = ''] = words;
  const isSub = words.length > 1 && isSubcommand(first);
  const program: Program = isSub ? subcommands[first] : runProgram;
  const begin = isSub ? 1 : 0;
  const before = words.slice(begin, -1);
  const current = words.at(-1) ?? '';

  const position = positionAfter(before, program);
  if (position.id === 'command') return { id: 'command', at: begin + position.at };
  if (position.id === 'value') return offered(position.completes, '', program, before, env);
  const valued = flagIn(current, program.flags);
  if (valued !== null && valued.text !== null && current.startsWith('--')) {
    const start = current.slice(0, current.length - valued.text.length);
    return offered(valued.flag.completes, start, program, before, env);
  }
  if (current.startsWith('-')) return { id: 'offers', offers: flagOffers(program) };
  if (isSub) return offered(program.completes, '', program, before, env);
  return { id: 'offers', offers: [...subcommandOffers(before), ...flagOffers(program)] };
}

/** What is offered as lines for a shell: what kind it is, then a word and its meaning each. `current` is the word that is typed. */
export function linesOf(completion: Exclude<Completion, { id: 'names' }>, current: string): string {
  switch (completion.id) {
    case 'files':
      return ':files\n';
    case 'command':
      return `:command ${completion.at}\n`;
    case 'offers':
      return [
        { word: ':words', help: '' },
        ...completion.offers.filter(({ word }) => word.startsWith(current)),
      ]
        .map(({ word, help }) => `${word}${help === '' ? '' : `\t${help}`}\n`)
        .join('');
  }
}

type Position =
  | { readonly id: 'flag' }
  | { readonly id: 'value'; readonly completes: Completes | undefined }
  | { readonly id: 'command'; readonly at: number };

/** Where a word would be that follows these. */
function positionAfter(before: readonly string[], program: Program): Position {
  let position: Position = { id: 'flag' };
  for (const [at, word] of before.entries()) {
    const found: ReturnType<typeof flagIn> =
      position.id === 'value' ? null : flagIn(word, program.flags);
    if (position.id === 'value') position = { id: 'flag' };
    else if (word === '--') return { id: 'command', at: at + 1 };
    else if (found === null && program.runsNoCommand !== true && !word.startsWith('-'))
      return { id: 'command', at };
    else if (found !== null && found.flag.value !== undefined && found.text === null)
      position = { id: 'value', completes: found.flag.completes };
  }
  return position;
}

function offered(
  completes: Completes | undefined,
  before: string,
  program: Program,
  words: readonly string[],
  env: Environment,
): Completion {
  if (completes === undefined) return { id: 'offers', offers: [] };
  if (completes === 'files') return { id: 'files' };
  if (typeof completes !== 'string')
    return {
      id: 'offers',
      offers: completes.map((word) => ({ word: `${before}${word}`, help: '' })),
    };
  return {
    ...{ id: 'names', of: completes, before },
    settings: readLine(program, words, env).texts,
  };
}

function flagOffers({ flags }: Program): Offer[] {
  return Object.entries(flags).map(([name, flag]) => {
    const fallback = defaultTextOf(flag);
    return { word: `--${name}`, help: fallback === '' ? flag.help : `${flag.help} (${fallback})` };
  });
}

/** Only the first word can be one. */
function subcommandOffers(before: readonly string[]): Offer[] {
  if (before.length > 0) return [];
  return Object.entries<Program>(subcommands).map(([word, { about }]) => ({
    word,
    help: about.split(/\.\s/)[0]?.replace(/\s+/g, ' ') ?? '',
  }));
}
