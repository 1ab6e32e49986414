/** What every way to start leader-run needs of the process around it: its environment, the cluster, stdout and its version. */
import { writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { failedExitCode } from './cli/exit-status.ts';
import type { Log } from './cli/log.ts';
import { type ClusterResult, loadCluster } from './lease/cluster.ts';
import type { StartContext } from './process/start-context.ts';

declare const LEADER_RUN_VERSION: string;

export const version = LEADER_RUN_VERSION;
export const userAgent = `leader-run/${version}`;

/** By kubectl's rules. */
export function findCluster(
  { kubeconfig, context }: { readonly kubeconfig: string | null; readonly context: string | null },
  env: NodeJS.ProcessEnv,
): ClusterResult {
  return loadCluster({ kubeconfig, context, env, homeDirectory: homeDirectory() });
}

/** A user without a home, as containers with a number for a user have them, finds nothing there. */
function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** As leader-run was given it; node's own has lost what could steer node. */
export function environmentOf({ environment }: StartContext): NodeJS.ProcessEnv {
  return Object.fromEntries(environment.map((entry) => splitVariable(entry.toString())));
}

function splitVariable(entry: string): [name: string, value: string] {
  const end = entry.indexOf('=');
  return [entry.slice(0, end), entry.slice(end + 1)];
}

/** Writes to stdout. `closed`: whoever reads has read enough (`--help | head -1`). Any other failure is logged. */
export function print(text: string, log: Log): 'written' | 'closed' | 'failed' {
  try {
    writeSync(1, text);
    return 'written';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') return 'closed';
    log.error(`Cannot write to stdout: ${message}`);
    return 'failed';
  }
}

export function fail(log: Log, message: string): number {
  log.error(message);
  return failedExitCode;
}
