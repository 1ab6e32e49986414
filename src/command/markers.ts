/**
 * The variables by which the environment of a process shows where it came from: from the command, or from a helper of leader-run's (guard,
 * credential plugin). A second net, for those whose chain of parents was cut before it was seen.
 *
 * They have random names, not random values: a leader-run inside a leader-run adds its own beside the outer one's, which so
 * still mark the whole of its tree.
 */
import { createHash, randomBytes } from 'node:crypto';

const prefix = 'LEADER_RUN_TREE_';

export interface Markers {
  /** Name of the variable that the command and all that comes of it have. */
  readonly tree: string;
  /** Name of the variable that helpers and all that comes of them have. */
  readonly helper: string;
}

/** New names; long enough to be found in an environment by a plain search. */
export function createMarkers(): Markers {
  const id = randomBytes(16).toString('hex');
  return { tree: prefix + id, helper: `LEADER_RUN_HELPER_${id}` };
}

/** Whether a variable of this name marks a tree, ours or that of a leader-run around us. */
export function isTreeMarker(name: string): boolean {
  return name.startsWith(prefix);
}

/** The value of a tree's marker: which lock the command runs under, hashed because the URL of an API server can hold a secret. */
export function createLockId(lease: string): string {
  return createHash('sha256').update(lease).digest('hex');
}

/** The values of the tree markers in this environment: the locks that the leader-runs around us hold. */
export function lockIdsAround(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    isTreeMarker(name) && value ? [value] : [],
  );
}
