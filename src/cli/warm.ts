/** `--warm`: what does not go with it. */
import type { FlagValues } from './flag.ts';
import type { runFlags } from './flags.ts';

type WarmFlags = Pick<
  FlagValues<typeof runFlags>,
  'warm' | 'promoteSignal' | 'signal' | 'once' | 'oncePer'
>;

/** A line for a person; null: nothing is wrong. */
export function warmProblem({
  warm,
  promoteSignal,
  signal,
  once,
  oncePer,
}: WarmFlags): string | null {
  if (!warm)
    return promoteSignal === null
      ? null
      : 'Cannot use --promote-signal without --warm: the command is started when it leads';
  if (promoteSignal === signal)
    return `Cannot use --promote-signal ${signal}: it is the signal that asks the command to stop (--signal)`;
  if (once === null && oncePer === null) return null;
  return `Cannot combine ${once === null ? '--once-per' : '--once'} and --warm: what runs already cannot be left out`;
}
