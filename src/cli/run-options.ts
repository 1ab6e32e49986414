/** `leader-run [flags] [--] command`: what the values of the flags come to. */
import type { ElectionSettings } from '../election/settings.ts';
import type { FlagValues } from './flag.ts';
import { runFlags } from './flags.ts';
import { logOptionsOf } from './log-options.ts';
import type { RunOptions } from './options.ts';
import { operateOptionsOf, operateProblem } from './operate-flags.ts';
import { onceOf, onceProblem } from './once.ts';
import { checkTiming, timingOf } from './timing.ts';
import { warmProblem } from './warm.ts';
import { flagIn } from './words.ts';

/** The options, and what is wrong with them: a line for a person, or null. They are to be used only if nothing is. */
export function runOptionsOf(
  flags: FlagValues<typeof runFlags>,
  words: readonly string[],
  defaultIdentity: string,
  env: Readonly<Record<string, string | undefined>>,
): { readonly options: RunOptions; readonly refusal: string | null } {
  const timing = timingOf(flags);
  const { error, warning } = checkTiming(timing, flags);
  const settings: ElectionSettings = {
    identity: flags.id ?? defaultIdentity,
    ...timing,
    gracePeriodMs: flags.gracePeriod,
    waitMs: flags.try ? 0 : flags.wait,
    ...onceOf(flags),
    nominates: !flags.try && flags.wait === Infinity,
    ...(flags.onLost === 'rejoin' ? { rejoins: true } : {}),
    ...(flags.maxTerm < Infinity ? { maxTermMs: flags.maxTerm } : {}),
  };
  const [program = '', ...rest] = words;
  return {
    options: {
      flags,
      lockName: flags.lockName ?? '',
      settings,
      operate: operateOptionsOf(flags, env),
      log: logOptionsOf(flags),
      warnings: warning === null ? [] : [warning],
      command: [program, ...rest],
    },
    refusal:
      withoutLockName(flags, words) ??
      error ??
      onceProblem(flags) ??
      warmProblem(flags) ??
      operateProblem(flags, env) ??
      withoutCommand(words),
  };
}

function withoutLockName(
  { lockName }: FlagValues<typeof runFlags>,
  words: readonly string[],
): string | null {
  if (lockName !== null) return null;
  const late = words.find((word) => flagIn(word, runFlags)?.name === 'lock-name');
  return late === undefined
    ? 'Cannot start: there is no lock name: give --lock-name or LEADER_RUN_LOCK_NAME'
    : `Cannot start: ${JSON.stringify(late)} comes after the command ${JSON.stringify(words[0])}, so that it belongs to it: write the flags of leader-run before the command`;
}

function withoutCommand(words: readonly string[]): string | null {
  if (words.length === 0) {
    return 'Cannot start: there is no command: write it after the flags, for example leader-run --lock-name my-lock -- ./worker';
  }
  return words[0] === ''
    ? 'Cannot start: the command is an empty word: write the name of a program after the flags'
    : null;
}
