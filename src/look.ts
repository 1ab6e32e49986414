/** Puts together the sub-commands that run nothing. */
import { hostname } from 'node:os';
import { failureClause } from './cli/failures.ts';
import type { Log } from './cli/log.ts';
import { failedExitCode } from './cli/exit-status.ts';
import { manifestsOptionsOf } from './cli/manifests-options.ts';
import { checkOptionsOf, statusOptionsOf } from './cli/operate-options.ts';
import type { Parsed } from './cli/parsers.ts';
import { print } from './cli/print.ts';
import type { SubcommandLine } from './cli/programs.ts';
import { transferLine } from './cli/transfer-messages.ts';
import { lockToTransfer } from './cli/transfer-options.ts';
import { createApiClient } from './lease/client.ts';
import { connectLease } from './lease/connection.ts';
import { environmentOf, readStartContext } from './process/start-context.ts';
import { fail, findCluster, userAgent } from './surroundings.ts';

const watchEveryMs = 2_000;
const checkTimeoutMs = 5_000;
const transferAttemptTimeoutMs = 10_000;
const takeBackMs = 3_000;

type Line<Id extends SubcommandLine['id']> = SubcommandLine & { readonly id: Id };

/** What they write with; `write` is for stderr. */
interface Output {
  readonly log: Log;
  readonly write: (line: string) => void;
}

function clusterOf(flags: Line<'check'>['flags'], log: Log) {
  return findCluster(flags, environmentOf(readStartContext(process.env)), (notice) =>
    log.say(notice),
  );
}

/** `leader-run status`. */
export async function showStatus(
  { flags, words }: Line<'status'>,
  { log, write }: Output,
): Promise<number> {
  const checked = statusOptionsOf(flags, words, process.env);
  if (checked.id === 'refused') return fail(log, checked.message);
  const found = clusterOf(flags, log);
  if (found.id === 'failed') return fail(log, found.message);
  const { lockName, namespace: wanted } = checked.options;
  const namespace = wanted === 'all' ? null : (wanted?.name ?? found.cluster.namespace);
  const status = await import('./operate/status.ts');
  const { stdout } = process;
  return status.showStatus(
    { namespace, lockName, output: flags.output, isWatching: flags.watch },
    {
      api: createApiClient(found.cluster, userAgent),
      print: (text) => print(text, write) === 'written',
      terminal: () => (stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : null),
      hasColour: stdout.isTTY && !process.env['NO_COLOR'],
      describe: (failure, rights) => failureClause(failure, namespace ?? '', rights),
      warn: (message) => log.warn(message),
      wallMs: Date.now,
      watchEveryMs,
    },
  );
}

/** `leader-run check`. */
export async function check({ flags, words }: Line<'check'>, { log }: Output): Promise<number> {
  const checked = checkOptionsOf(words, process.env);
  if (checked.id === 'refused') return fail(log, checked.message);
  const { options } = checked;
  const found = clusterOf(flags, log);
  if (found.id === 'failed') return fail(log, found.message);
  const { checkTerm } = await import('./operate/check.ts');
  const result = await checkTerm(options, {
    api: createApiClient(found.cluster, userAgent),
    describe: (failure, rights) => failureClause(failure, options.namespace, rights),
    wallMs: Date.now,
    timeoutMs: checkTimeoutMs,
  });
  if (result.id === 'leads') return 0;
  if (result.id === 'failed') return fail(log, result.message);
  log.warn(result.message);
  return 1;
}

/** `leader-run manifests`. */
export async function printManifests(
  line: Line<'manifests'>,
  { log, write }: Output,
): Promise<number> {
  const namespace = ownNamespace(line.flags, log);
  if (!namespace.ok) return fail(log, namespace.why);
  const checked = manifestsOptionsOf(line, namespace.value);
  if (checked.id === 'refused') return fail(log, checked.message);
  const { manifestsYaml } = await import('./operate/manifests.ts');
  return print(manifestsYaml(checked.options), write) === 'failed' ? failedExitCode : 0;
}

/**
 * The namespace where `-n` names none. Nothing is sent, so there may be no kubeconfig. One that is broken, or chooses no context,
 * may mean another namespace than `default`.
 */
function ownNamespace(flags: Line<'manifests'>['flags'], log: Log): Parsed<string> {
  const { kubeconfig, context, lockNamespace } = flags;
  const found = clusterOf(flags, log);
  if (found.id === 'loaded') return { ok: true, value: found.cluster.namespace };
  const fallback = { ok: true, value: 'default' } as const;
  if (kubeconfig === null && context === null && lockNamespace !== null) return fallback;
  if (found.searched === null) return { ok: false, why: found.message };
  if (process.env['KUBECONFIG'])
    log.warn(
      `Using namespace "default": there is no kubeconfig at ${found.searched}: set -n or $KUBECONFIG`,
    );
  return fallback;
}

/** `leader-run transfer`. */
export async function transfer(
  { flags, words }: Line<'transfer'>,
  { log, write }: Output,
): Promise<number> {
  const lock = lockToTransfer(words);
  if (!lock.ok) return fail(log, lock.why);
  const found = clusterOf(flags, log);
  if (found.id === 'failed') return fail(log, found.message);
  const { cluster } = found;
  const { transferLease } = await import('./operate/transfer.ts');
  const { namespace, name } = lock.value;
  const target = { namespace: namespace ?? flags.lockNamespace ?? cluster.namespace, name };
  const api = connectLease({ ...target, cluster, userAgent });
  const request = {
    to: flags.to,
    by: `${process.env['USER'] ?? 'leader-run'}@${hostname()}`,
    waitMs: flags.wait,
  };
  const result = await transferLease(request, {
    api,
    wallMs: Date.now,
    nowMs: () => performance.now(),
    attemptTimeoutMs: transferAttemptTimeoutMs,
    takeBackMs,
  });
  api.close();
  const { text, status } = transferLine(result, target, request);
  if (status !== 0) return fail(log, text, status);
  return print(`${text}\n`, write) === 'failed' ? failedExitCode : 0;
}
