/** What a flag is. Which flags there are is in `flags.ts`. */
import type { Parsed } from './parsers.ts';

/** These words, or names that the cluster, the kubeconfig or the file system has. */
export type Completes = readonly string[] | 'contexts' | 'namespaces' | 'leases' | 'files';

/** One flag. Its name is its key in a table of flags, and in camelCase its key in {@link FlagValues}. */
export interface Flag {
  /** Other names, and a letter; without dashes. */
  readonly aliases?: readonly string[];
  /** What help calls the value. A flag without one is a switch: its parser gives a boolean. */
  readonly value?: string;
  readonly parse: (text: string) => Parsed<unknown>;
  /** The value if the flag is not given. Without one that is null. */
  readonly default?: string | number | boolean;
  /** The default as help shows it, if it is not the default itself. */
  readonly defaultText?: string;
  readonly help: string;
  /** The heading of help under which it is listed. */
  readonly group: string;
  /** Flags that say the same: only one of them can be given. It is enough if one of two names the other. */
  readonly conflicts?: readonly string[];
  /** It may be given several times, and its value is the list. A variable has one on each line. */
  readonly isRepeatable?: true;
  /** What a shell offers to complete its value. */
  readonly completes?: Completes;
  /** false: it cannot be given by a variable. */
  readonly hasVariable?: false;
}

export type Flags = Readonly<Record<string, Flag>>;

type ParsedBy<F> = F extends { parse: (text: string) => Parsed<infer T> } ? T : never;

type ValueOf<F> = F extends { isRepeatable: true }
  ? readonly ParsedBy<F>[]
  : F extends { default: unknown }
    ? ParsedBy<F>
    : ParsedBy<F> | null;

type CamelCase<S> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** What the flags of a table were set to, by the command line, the environment or their defaults. Durations are in ms. */
export type FlagValues<F extends Flags> = {
  readonly [Name in keyof F as CamelCase<Name>]: ValueOf<F[Name]>;
};

/** `lock-name` as `lockName`. */
export function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The environment variable that stands for a flag. */
export function envVarOf(name: string): string {
  return `LEADER_RUN_${name.toUpperCase().replaceAll('-', '_')}`;
}
