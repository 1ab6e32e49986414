/** Authentication: one token may do all, everyone else may only ask whether the server lives. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { failure, leases, unauthorized, type Reply } from './status.ts';
import type { Target } from './target.ts';

/** To these the real server answers anonymous clients too. */
const publicPaths = new Set(['/healthz', '/livez', '/readyz', '/version']);

/**
 * The path without the token in front of it, or null if there is none. kubectl and client-go send no credentials to an
 * http:// server, but keep to the path of its URL: with the token there they are known all the same.
 */
export function withoutToken(path: string, token: string): string | null {
  const [, first = '', ...rest] = path.split('/');
  return isSame(first, token) ? `/${rest.join('/')}` : null;
}

/** null if the request may go on. */
export function refuseAccess(
  authorization: string | undefined,
  token: string,
  target: Target,
): Reply | null {
  const [, given] = /^bearer ([^ ]+)$/i.exec(authorization ?? '') ?? [];
  if (given !== undefined) return isSame(given, token) ? null : unauthorized();
  return target.id === 'path' && publicPaths.has(target.path) ? null : forbidden(target);
}

function isSame(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

function forbidden(target: Target): Reply {
  const message =
    'leader-run sandbox: the request has no token, neither as "Authorization: Bearer …" nor in front of its path. kubectl get --raw sends none: put the token of the kubeconfig in front, /TOKEN/apis/…';
  const details = target.id === 'path' ? {} : { ...leases(target.name ?? '') };
  return failure(403, 'Forbidden', message, details);
}
