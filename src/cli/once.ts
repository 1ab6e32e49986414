/** `--once` and `--once-per`: which earlier run makes this one needless. */
import type { OnceRule } from '../election/runs.ts';
import type { FlagValues } from './flag.ts';
import type { runFlags } from './flags.ts';

type OnceFlags = Pick<FlagValues<typeof runFlags>, 'once' | 'oncePer' | 'onceAt' | 'onLost'>;

/** The rule that the flags come to, if they ask for one. */
export function onceOf({ once, oncePer, onceAt }: OnceFlags): { readonly once?: OnceRule } {
  const counts = onceAt ?? 'success';
  if (once !== null) return { once: { id: 'key', key: once, counts } };
  return oncePer === null ? {} : { once: { id: 'period', periodMs: oncePer, counts } };
}

/** What makes no sense with or without a rule; null: nothing. */
export function onceProblem({ once, oncePer, onceAt, onLost }: OnceFlags): string | null {
  const flag = once === null ? '--once-per' : '--once';
  if (once === null && oncePer === null)
    return onceAt === null
      ? null
      : 'Cannot use --once-at alone: it says what counts for --once or --once-per';
  return onLost === 'exit'
    ? null
    : `Cannot combine ${flag} and --on-lost rejoin: a run that is lost is not run again by the same process`;
}
