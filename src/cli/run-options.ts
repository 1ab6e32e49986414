/** `leader-run [flags] [--] command`: the options of the program proper, out of flags and twins. */
import type { ElectionSettings } from '../election/settings.ts';
import { readLogOptions } from './log-options.ts';
import { checkIdentity, checkLabel, checkSubdomain } from './names.ts';
import { readOperateFlags } from './operate-flags.ts';
import type { RunOptions } from './options.ts';
import { parseMaybeInfinite, parseSwitch, parseText, parseWhole, type Reader } from './reader.ts';
import { parseStopSignal } from './stop-signal.ts';
import { readTiming } from './timing.ts';

const defaultGracePeriodMs = 25_000;
const defaultConflictExitCode = 124;
const defaultLostExitCode = 75;

/** Reads everything but the command. What is missing or wrong is in `reader.refusal`; the options are to be used only without one. */
export function readRunOptions(
  reader: Reader,
  defaultIdentity: string,
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): RunOptions {
  const lockName = readLockName(reader);
  const { warning, ...timing } = readTiming(reader);
  const settings: ElectionSettings = {
    identity: reader.read('id', checkIdentity, defaultIdentity),
    ...timing,
    gracePeriodMs: reader.read('grace-period', parseMaybeInfinite, defaultGracePeriodMs),
    waitMs: readWait(reader),
  };
  const options = {
    lockName,
    lockNamespace: reader.read<string | null>('lock-namespace', checkLabel, null),
    kubeconfig: reader.read<string | null>('kubeconfig', parseText, null),
    context: reader.read<string | null>('context', parseText, null),
    settings,
    stopSignal: reader.read('signal', parseStopSignal, 'SIGTERM'),
    conflictExitCode: reader.read(
      'conflict-exit-code',
      parseWhole(0, 255),
      defaultConflictExitCode,
    ),
    lostExitCode: reader.read('lost-exit-code', parseWhole(0, 255), defaultLostExitCode),
    operate: readOperateFlags(reader, env),
    log: readLogOptions(reader),
    warnings: warning === null ? [] : [warning],
  };
  return { ...options, command: readCommand(reader, command) };
}

function readLockName(reader: Reader): string {
  if (reader.given('lock-name') === null) {
    reader.refuse('Cannot start: there is no lock name: give --lock-name or LEADER_RUN_LOCK_NAME');
  }
  return reader.read('lock-name', checkSubdomain, '');
}

/** `--try` is `--wait 0`. */
function readWait(reader: Reader): number {
  if (reader.oneOf(['wait', 'try']) === 'try') {
    return reader.read('try', parseSwitch, false) ? 0 : Infinity;
  }
  return reader.read('wait', parseMaybeInfinite, Infinity);
}

function readCommand(reader: Reader, words: readonly string[]): readonly [string, ...string[]] {
  const [program = '', ...rest] = words;
  if (program === '') {
    reader.refuse(
      words.length === 0
        ? 'Cannot start: there is no command: write it after the flags, for example leader-run --lock-name my-lock -- ./worker'
        : 'Cannot start: the command is an empty word: write the name of a program after the flags',
    );
  }
  return [program, ...rest];
}
