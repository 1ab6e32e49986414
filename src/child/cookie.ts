/**
 * The mark that every process of the tree carries in its environment, so that those that left group and session are found.
 *
 * It is a variable with a random name, not with a random value: a leader-run inside a leader-run adds its own beside the
 * outer one, which so still marks the whole of its tree.
 */
import { createHash, randomBytes } from 'node:crypto';

const prefix = 'LEADER_RUN_TREE_';

/** A new name for a variable; long enough to be found in an environment by a plain search. */
export function createCookie(): string {
  return prefix + randomBytes(16).toString('hex');
}

/** Whether a variable of this name marks a tree, ours or that of a leader-run around us. */
export function isCookie(name: string): boolean {
  return name.startsWith(prefix);
}

/** The value of a cookie: what the command runs under, unreadable as the URL of an API server can hold a secret. */
export function createMark(lease: string): string {
  return createHash('sha256').update(lease).digest('hex');
}

/** The values of the cookies in this environment: what the leader-runs around us hold. */
export function marksAround(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, value]) => (isCookie(name) && value ? [value] : []));
}
