/** Puts together the sub-commands that run nothing and write nothing. */
import { failureClause } from './cli/failures.ts';
import type { Log } from './cli/log.ts';
import { failedExitCode } from './cli/exit-status.ts';
import type { CheckOptions, ManifestsOptions, StatusOptions } from './cli/options.ts';
import { createApiClient } from './lease/client.ts';
import { readStartContext } from './process/start-context.ts';
import { environmentOf, fail, findCluster, print, userAgent } from './surroundings.ts';

const watchEveryMs = 2_000;
const checkTimeoutMs = 5_000;

/** `leader-run status`. */
export async function showStatus(options: StatusOptions, log: Log): Promise<number> {
  const found = findCluster(options, environmentOf(readStartContext(process.env)));
  if (found.id === 'failed') return fail(log, found.message);
  const { lockName, namespace: wanted, output, isWatching } = options;
  const namespace = wanted === 'all' ? null : (wanted?.name ?? found.cluster.namespace);
  const status = await import('./operate/status.ts');
  const { stdout } = process;
  return status.showStatus(
    { namespace, lockName, output, isWatching },
    {
      api: createApiClient(found.cluster, userAgent),
      print: (text) => print(text, log) === 'written',
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
export async function check(options: CheckOptions, log: Log): Promise<number> {
  const found = findCluster(options, environmentOf(readStartContext(process.env)));
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
export async function printManifests(options: ManifestsOptions, log: Log): Promise<number> {
  const { manifestsYaml } = await import('./operate/manifests.ts');
  return print(manifestsYaml(options), log) === 'failed' ? failedExitCode : 0;
}
