/** What every way to start leader-run needs of the process around it: the cluster, its version, and a way to fail. */
import { failedExitCode } from './cli/exit-status.ts';
import type { Log } from './cli/log.ts';
import { type ClusterResult, loadCluster } from './lease/cluster.ts';
import type { OnNotice } from './lease/notice.ts';
import { argumentBytes, openablePath } from './process/byte-paths.ts';
import { homeDirectory } from './process/home-directory.ts';

declare const LEADER_RUN_VERSION: string;

export const version = LEADER_RUN_VERSION;
export const userAgent = `leader-run/${version}`;

/** By kubectl's rules. */
export function findCluster(
  { kubeconfig, context }: { readonly kubeconfig: string | null; readonly context: string | null },
  env: NodeJS.ProcessEnv,
  onNotice: OnNotice,
): ClusterResult {
  return loadCluster({
    kubeconfig: kubeconfig === null ? null : openablePath(argumentBytes(kubeconfig)),
    context,
    env,
    homeDirectory: env['HOME'] || homeDirectory(),
    onNotice,
  });
}

export function fail(log: Log, message: string, exitCode: number = failedExitCode): number {
  log.error(message);
  return exitCode;
}
