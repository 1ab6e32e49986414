/** `leader-run [flags] [--] command`: the options of the program proper, out of flags and twins. */
import type { ElectionSettings } from '../election/settings.ts';
import { readLogOptions } from './log-options.ts';
import { checkIdentity, checkLabel, checkSubdomain } from './names.ts';
import type { RunOptions } from './options.ts';
import { readOnce } from './once.ts';
import {
  type Parsed,
  type Reader,
  parseChoice,
  parseMaybeInfinite,
  parsePositive,
  parseSwitch,
  parseText,
  parseWhole,
} from './reader.ts';
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
): RunOptions {
  const lockName = readLockName(reader);
  const { warning, ...timing } = readTiming(reader);
  const settings: ElectionSettings = {
    identity: reader.read('id', checkIdentity, defaultIdentity),
    ...timing,
    gracePeriodMs: reader.read('grace-period', parseMaybeInfinite, defaultGracePeriodMs),
    waitMs: readWait(reader),
    ...readOnce(reader),
    ...readTerm(reader),
  };
  const options = {
    lockName,
    lockNamespace: reader.read<string | null>('lock-namespace', checkLabel, null),
    kubeconfig: reader.read<string | null>('kubeconfig', parseText, null),
    context: reader.read<string | null>('context', parseText, null),
    settings,
    stopSignal: reader.read('signal', parseStopSignal, 'SIGTERM'),
    warm: readWarm(reader),
    conflictExitCode: reader.read(
      'conflict-exit-code',
      parseWhole(0, 255),
      defaultConflictExitCode,
    ),
    lostExitCode: reader.read('lost-exit-code', parseWhole(0, 255), defaultLostExitCode),
    doneExitCode: reader.read('done-exit-code', parseWhole(0, 255), 0),
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

/** What becomes of a candidate after its term, and how long that lasts at most. */
function readTerm(reader: Reader): Pick<ElectionSettings, 'rejoins' | 'maxTermMs'> {
  const rejoins =
    reader.read('on-lost', parseChoice(['exit', 'rejoin'] as const), 'exit') === 'rejoin';
  const maxTermMs = reader.read('max-term', parseTermLimit, Infinity);
  const once = reader.given('once') ?? reader.given('once-per');
  if (rejoins && once !== null)
    reader.refuse(
      `Cannot combine ${once.origin} and --on-lost rejoin: a run that is lost is not run again by the same process`,
    );
  return { ...(rejoins ? { rejoins } : {}), ...(maxTermMs < Infinity ? { maxTermMs } : {}) };
}

function parseTermLimit(text: string): Parsed<number> {
  return text === 'infinity' ? { ok: true, value: Infinity } : parsePositive(text);
}

function readWarm(reader: Reader): RunOptions['warm'] {
  const isWarm = reader.read('warm', parseSwitch, false);
  const promoteSignal = reader.read<NodeJS.Signals | null>('promote-signal', parseStopSignal, null);
  const once = reader.given('once') ?? reader.given('once-per');
  if (isWarm && once !== null)
    reader.refuse(`Cannot combine ${once.origin} and --warm: what runs already cannot be left out`);
  const signalOrigin = reader.given('promote-signal')?.origin;
  if (!isWarm && signalOrigin !== undefined)
    reader.refuse(
      `Cannot use ${signalOrigin} without --warm: the command is started when it leads`,
    );
  return isWarm ? { promoteSignal } : null;
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
