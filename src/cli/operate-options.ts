/** The options of the sub-commands that only look, `status` and `check`: out of flags, words and variables. */
import type { FlagValues } from './flag.ts';
import { checkLabel, checkSubdomain } from './names.ts';
import type { statusFlags } from './subcommand-flags.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Options, or what is wrong, in a line for a person. */
export type Checked<T> =
  | { readonly id: 'options'; readonly options: T }
  | { readonly id: 'refused'; readonly message: string };

export interface StatusOptions {
  /** null: all Leases. */
  readonly lockName: string | null;
  /** `all`: each; null: that of the credentials. */
  readonly namespace: { readonly name: string } | 'all' | null;
}

export function statusOptionsOf(
  { allNamespaces, lockNamespace }: FlagValues<typeof statusFlags>,
  words: readonly string[],
  env: Environment,
): Checked<StatusOptions> {
  if (words.length > 1) return refused('Cannot start: leader-run status takes one lock at most');
  const lock = words[0] ?? (allNamespaces ? null : ownLock(lockNamespace, env));
  if (lock !== null && allNamespaces)
    return refused('Cannot combine --all-namespaces and a lock: leave one of them out');
  const parts = lock === null ? null : partsOf(lock);
  if (parts?.problem != null)
    return refused(`Cannot use lock ${JSON.stringify(lock)}: ${parts.problem}`);
  const name = parts?.namespace ?? lockNamespace;
  const namespace = name === null ? null : { name };
  return {
    id: 'options',
    options: { lockName: parts?.name ?? null, namespace: allNamespaces ? 'all' : namespace },
  };
}

/** That of a leader-run that would be started with this environment, or of the one around this command. */
function ownLock(lockNamespace: string | null, env: Environment): string | null {
  if (env['LEADER_RUN_LOCK_NAME']) return env['LEADER_RUN_LOCK_NAME'];
  return lockNamespace === null ? env['LEADER_RUN_LOCK'] || null : null;
}

/** A name, or namespace/name; `problem` is a clause for a person. */
export function partsOf(lock: string): {
  readonly namespace: string | null;
  readonly name: string;
  readonly problem: string | null;
} {
  const [, namespace = null, name = lock] = /^([^/]*)\/(.*)$/s.exec(lock) ?? [];
  const parsed = [...(namespace === null ? [] : [checkLabel(namespace)]), checkSubdomain(name)];
  const wrong = parsed.find(({ ok }) => !ok);
  return { namespace, name, problem: wrong?.ok === false ? wrong.why : null };
}

/** The term that a command runs under, as its environment says. */
export interface CheckOptions {
  readonly namespace: string;
  readonly lockName: string;
  readonly identity: string;
  readonly acquireTime: string;
  readonly renewDeadlineMs: number;
}

export function checkOptionsOf(words: readonly string[], env: Environment): Checked<CheckOptions> {
  const [namespace = '', lockName = ''] = (env['LEADER_RUN_LOCK'] ?? '').split('/');
  const identity = env['LEADER_RUN_IDENTITY'] ?? '';
  const acquireTime = env['LEADER_RUN_ACQUIRE_TIME'] ?? '';
  const seconds = env['LEADER_RUN_RENEW_DEADLINE_SECONDS'] ?? '';
  if (words.length > 0) return refused('Cannot start: leader-run check takes no words');
  if ([namespace, lockName, identity, acquireTime, seconds].includes(''))
    return refused(
      'Cannot check: this is not the command of a leader-run: LEADER_RUN_LOCK, LEADER_RUN_IDENTITY, LEADER_RUN_ACQUIRE_TIME and LEADER_RUN_RENEW_DEADLINE_SECONDS are required (a warm command exports the words of its line)',
    );
  // Not a number: never leading.
  const renewDeadlineMs = Number(seconds) * 1000 || 0;
  return {
    id: 'options',
    options: { namespace, lockName, identity, acquireTime, renewDeadlineMs },
  };
}

function refused(message: string): { readonly id: 'refused'; readonly message: string } {
  return { id: 'refused', message };
}
