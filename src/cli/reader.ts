/** Typed access to what was said on the command line and in the environment; remembers the first thing that is wrong. */
import { parseDuration } from './durations.ts';

/** One setting as it was given: its text, and the flag or variable that gave it, for messages. */
export interface Given {
  readonly text: string;
  readonly origin: string;
}

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

export class Reader {
  readonly #flags: ReadonlyMap<string, Given>;
  readonly #envVars: ReadonlyMap<string, Given>;
  #refusal: string | null = null;

  constructor(flags: ReadonlyMap<string, Given>, twins: ReadonlyMap<string, Given>) {
    this.#flags = flags;
    this.#envVars = twins;
  }

  /** One line for a person, or null while all is well. */
  get refusal(): string | null {
    return this.#refusal;
  }

  refuse(message: string): void {
    this.#refusal ??= message;
  }

  /** Whether it was given on the command line, whatever the environment says. */
  flag(name: string): boolean {
    return this.#flags.has(name);
  }

  /** The flag if it was given, else its twin, else null. */
  given(name: string): Given | null {
    return this.#flags.get(name) ?? this.#envVars.get(name) ?? null;
  }

  /** Which of several flags for the same thing was given; a flag beats every twin, two of one kind are refused. */
  oneOf<T extends string>(names: readonly T[]): T | null {
    for (const source of [this.#flags, this.#envVars]) {
      const said = names.filter((name) => source.has(name));
      const [first, second] = said.map((name) => source.get(name)?.origin ?? name);
      if (first !== undefined && second !== undefined) {
        this.refuse(`Cannot combine ${first} and ${second}: leave one of them out`);
      }
      if (said[0] !== undefined) return said[0];
    }
    return null;
  }

  /** The setting made into a value; `fallback` if it was not given or is refused. */
  read<T>(name: string, parse: (text: string) => Parsed<T>, fallback: T): T {
    const given = this.given(name);
    if (given === null) return fallback;
    const parsed = parse(given.text);
    if (parsed.ok) return parsed.value;
    this.refuse(`Cannot use ${given.origin} ${JSON.stringify(given.text)}: ${parsed.why}`);
    return fallback;
  }
}

/** Any text but the empty one. */
export function parseText(text: string): Parsed<string> {
  return text === ''
    ? { ok: false, why: 'it is empty: give a value or leave it out' }
    : { ok: true, value: text };
}

/** As Go's strconv.ParseBool, which its flags use. */
export function parseSwitch(text: string): Parsed<boolean> {
  if (/^(?:1|t|true)$/i.test(text)) return { ok: true, value: true };
  if (/^(?:0|f|false)$/i.test(text)) return { ok: true, value: false };
  return { ok: false, why: 'expected true or false' };
}

/** A whole number between two others, both allowed. */
export function parseWhole(least: number, most: number): (text: string) => Parsed<number> {
  return (text) => {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= least && value <= most
      ? { ok: true, value }
      : { ok: false, why: `it must be a whole number from ${least} to ${most}` };
  };
}

/** One of a few words. */
export function parseChoice<T extends string>(choices: readonly T[]): (text: string) => Parsed<T> {
  return (text) => {
    const value = choices.find((choice) => choice === text.toLowerCase());
    return value === undefined
      ? {
          ok: false,
          why: `it must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`,
        }
      : { ok: true, value };
  };
}

/** A duration of more than nothing. */
export function parsePositive(text: string): Parsed<number> {
  const parsed = parseDuration(text);
  if (!parsed.ok) return parsed;
  return parsed.ms > 0
    ? { ok: true, value: parsed.ms }
    : { ok: false, why: 'it must be more than 0' };
}

/** A duration that may be 0. */
export function parseNotNegative(text: string): Parsed<number> {
  const parsed = parseDuration(text);
  if (!parsed.ok) return parsed;
  return parsed.ms >= 0
    ? { ok: true, value: parsed.ms }
    : { ok: false, why: 'it must not be negative' };
}

/** A duration that may be 0 or `infinity`. */
export function parseMaybeInfinite(text: string): Parsed<number> {
  return text === 'infinity' ? { ok: true, value: Infinity } : parseNotNegative(text);
}
