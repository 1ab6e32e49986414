/** Plans what the gate makes of itself: the command with the environment, limits and ignored signals that leader-run was started with. */
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { hasShellClock } from '../../process/clock.ts';
import type { Variable } from './environment.ts';
import { inheritedVariables, survivesShell } from './environment.ts';
import { type CommandProblem, findCommandProblem } from './find-command.ts';
import type { GatePlan } from './gate-script.ts';
import type { StartContext } from '../../process/start-context.ts';
import type { Bytes } from './shell-words.ts';
import { rawWords, toBytes } from './shell-words.ts';

export interface CommandOptions {
  readonly command: readonly string[];
  readonly startContext: StartContext;
  /** The variables that are leader-run's own settings: the command does not get them. */
  readonly settingNames: Iterable<string>;
  /** The lock that the command runs under, the value of its marker: a leader-run inside it refuses to wait for the same. */
  readonly lockId?: string;
}

/** `marker`: the variable by which the command's processes are known; null: they need not be. */
export function createGatePlan(
  shell: string,
  marker: string | null,
  { command, startContext, settingNames, lockId = '' }: CommandOptions,
): GatePlan {
  const words = rawWords(command);
  const variables = [
    ...inheritedVariables(startContext.environment, settingNames),
    ...(marker === null ? [] : [{ name: marker, value: toBytes(lockId) }]),
  ];
  return {
    shell: toBytes(shell),
    command: words,
    variables,
    hasVariables: passesOn(shell, words, variables),
    softOpenFilesLimit: startContext.softOpenFilesLimit,
    ignoredSignals: startContext.ignoredSignals.map((signal) => constants.signals[signal]),
    hasClock: hasShellClock,
  };
}

/** Why the command cannot run, as far as that can be seen now; null: it seems to be able to. */
export function commandProblem({
  command,
  startContext,
  settingNames,
}: CommandOptions): CommandProblem | null {
  const [name = ''] = rawWords(command);
  return findCommandProblem(name, inheritedVariables(startContext.environment, settingNames));
}

/** These pass an environment on as they got it, or can be made to. */
const faithfulShells = ['dash', 'busybox'];

function passesOn(
  shell: string,
  command: readonly Bytes[],
  variables: readonly Variable[],
): boolean {
  return (
    faithfulShells.includes(basename(realpathSync(shell))) &&
    survivesShell(variables) &&
    // dash takes no "--" after exec.
    command[0]?.startsWith('-') !== true
  );
}
