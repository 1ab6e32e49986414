/**
 * Rewrites the flags before the command into the one form that commander knows, `--name=value`.
 *
 * commander knows neither Go's single dash (`-lock-name x`) nor more than one alias, and stops at the first word that is
 * no flag only if it knows which flags take a value; here that is read from the table.
 */
import type { Flag } from './flags.ts';

interface Reading {
  readonly flag: Flag;
  /** null: it has no value of its own, so a flag that needs one takes the next word. */
  readonly value: string | null;
}

/** The words of a command line, cut in two. */
export interface SplitLine {
  /** Known flags in their canonical form, and the first word that is none of them. */
  readonly head: readonly string[];
  /** What follows: the command's business, which can be a hundred thousand words. */
  readonly tail: readonly string[];
}

/** Cuts a command line where its flags end. Never throws: what is wrong with a flag commander says. */
export function canonicalWords(words: readonly string[], flags: readonly Flag[]): SplitLine {
  const canonical: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const readings = read(words[at] ?? '', flags);
    if (readings === null) {
      return { head: [...canonical, withoutValue(words[at])], tail: words.slice(at + 1) };
    }
    for (const { flag, value } of readings) {
      if (value !== null) canonical.push(`--${flag.name}=${value}`);
      else if (flag.isSwitch) canonical.push(`--${flag.name}=true`);
      else {
        at += 1;
        canonical.push(`--${flag.name}`, ...words.slice(at, at + 1));
      }
    }
  }
  return { head: canonical, tail: [] };
}

function read(word: string, flags: readonly Flag[]): readonly Reading[] | null {
  const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word);
  if (match === null) return null;
  const [, name = '', value = null] = match;
  return readOne(name, value, flags) ?? (word.startsWith('--') ? null : readCluster(word, flags));
}

function readOne(name: string, value: string | null, flags: readonly Flag[]): Reading[] | null {
  const flag = flags.find((one) => one.name === name || one.aliases.includes(name));
  return flag === undefined ? null : [{ flag, value }];
}

/** `-qE0`: one-letter flags run together; the first that takes a value has the rest. */
function readCluster(word: string, flags: readonly Flag[]): Reading[] | null {
  const readings: Reading[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] ?? '';
    const flag = flags.find(({ aliases }) => aliases.includes(letter));
    if (flag === undefined) return null;
    const rest = word.slice(at + 1);
    if (flag.isSwitch) readings.push({ flag, value: null });
    else return [...readings, { flag, value: rest === '' ? null : rest }];
  }
  return readings;
}

/** A long flag that is not known goes to commander without its value, so that it can tell which one was meant. */
function withoutValue(word = ''): string {
  const [, name] = /^--?([^-=][^=]+)/.exec(word) ?? [];
  return name === undefined ? word : `--${name}`;
}
