/** Authentication: one token may do all, everyone else may only ask whether the server lives. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { failure, unauthorized, type Reply } from './status.ts';
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
  const user = 'User "system:anonymous"';
  if (target.id === 'path') {
    const message = `forbidden: ${user} cannot ${target.verb} path ${JSON.stringify(target.path)}`;
    return failure(403, 'Forbidden', message, {});
  }
  const { namespace, name, verb } = target;
  const object = name === null ? '' : ` ${JSON.stringify(name)}`;
  const where = namespace === null ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message = `leases.coordination.k8s.io${object} is forbidden: ${user} cannot ${verb} resource "leases" in API group "coordination.k8s.io" ${where}`;
  const details = {
    ...(name === null ? {} : { name }),
    group: 'coordination.k8s.io',
    kind: 'leases',
  };
  return failure(403, 'Forbidden', message, details);
}
