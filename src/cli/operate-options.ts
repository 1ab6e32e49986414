/** The options of the sub-commands that only look: `status` and `check`. */
import { checkLabel, checkSubdomain } from './names.ts';
import type { CheckOptions, StatusOptions } from './options.ts';
import { parseChoice, parseSwitch, parseText, type Reader } from './reader.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Which cluster: the same flags and variables as of a run. */
function readCluster(reader: Reader) {
  return {
    kubeconfig: reader.read<string | null>('kubeconfig', parseText, null),
    context: reader.read<string | null>('context', parseText, null),
  };
}

/** Reads the options of `status`; to be used only if `reader.refusal` is null. */
export function readStatusOptions(
  reader: Reader,
  words: readonly string[],
  env: Environment,
): StatusOptions {
  const isEverywhere = reader.read('all-namespaces', parseSwitch, false);
  const namespace = reader.read<string | null>('lock-namespace', checkLabel, null);
  if (words.length > 1) reader.refuse('Cannot start: leader-run status takes one lock at most');
  const lock = words[0] ?? (isEverywhere ? null : ownLock(reader, env));
  if (lock !== null && isEverywhere)
    reader.refuse('Cannot combine --all-namespaces and a lock: leave one of them out');
  const parts = lock === null ? null : readLock(reader, lock);
  const name = parts?.namespace ?? namespace;
  return {
    ...readCluster(reader),
    lockName: parts?.name ?? null,
    namespace: isEverywhere ? 'all' : name === null ? null : { name },
    output: reader.read('output', parseChoice(['table', 'wide', 'json'] as const), 'table'),
    isWatching: reader.read('watch', parseSwitch, false),
  };
}

/** That of a leader-run that would be started with this environment, or of the one around this command. */
function ownLock(reader: Reader, env: Environment): string | null {
  if (env['LEADER_RUN_LOCK_NAME']) return env['LEADER_RUN_LOCK_NAME'];
  return reader.given('lock-namespace') === null ? env['LEADER_RUN_LOCK'] || null : null;
}

function readLock(reader: Reader, lock: string): { namespace: string | null; name: string } {
  const [, namespace = null, name = lock] = /^([^/]*)\/(.*)$/s.exec(lock) ?? [];
  for (const parsed of [namespace === null ? null : checkLabel(namespace), checkSubdomain(name)])
    if (parsed?.ok === false)
      reader.refuse(`Cannot use lock ${JSON.stringify(lock)}: ${parsed.why}`);
  return { namespace, name };
}

/** Reads the options of `check`; to be used only if `reader.refusal` is null. */
export function readCheckOptions(
  reader: Reader,
  words: readonly string[],
  env: Environment,
): CheckOptions {
  const [namespace = '', lockName = ''] = (env['LEADER_RUN_LOCK'] ?? '').split('/');
  const identity = env['LEADER_RUN_IDENTITY'] ?? '';
  const acquireTime = env['LEADER_RUN_ACQUIRE_TIME'] ?? '';
  if (words.length > 0) reader.refuse('Cannot start: leader-run check takes no words');
  if ([namespace, lockName, identity, acquireTime].includes(''))
    reader.refuse(
      'Cannot check: this is not the command of a leader-run: LEADER_RUN_LOCK, LEADER_RUN_IDENTITY and LEADER_RUN_ACQUIRE_TIME are required',
    );
  return { ...readCluster(reader), namespace, lockName, identity, acquireTime };
}
