import type { JsonObject } from '../../src/json.ts';
import type { Failure } from '../../src/election/lease.ts';
import type { ApiReply } from '../../src/lease/client.ts';
import { showStatus, type StatusPorts, type StatusRequest } from '../../src/operate/status.ts';

const nowMs = Date.UTC(2026, 0, 1, 12, 0, 0);

export function lease(name: string, spec: JsonObject, annotations: JsonObject = {}): JsonObject {
  return { kind: 'Lease', metadata: { name, namespace: 'prod', annotations }, spec };
}

export const held = {
  holderIdentity: 'web-7d_90ab',
  leaseDurationSeconds: 15,
  acquireTime: '2026-01-01T09:00:00.000000Z',
  renewTime: '2026-01-01T11:59:58.500000Z',
  leaseTransitions: 3,
};

/** Prints once, and gives what was printed and the exit status. */
export async function status(
  replies: readonly (JsonObject | ApiReply['id'] | Failure)[],
  request: Partial<StatusRequest> = {},
  ports: Partial<StatusPorts> = {},
) {
  const asked: string[] = [];
  const printed: string[] = [];
  const warnings: string[] = [];
  const code = await showStatus(
    { namespace: 'prod', lockName: 'x', output: 'table', isWatching: false, ...request },
    {
      api: {
        request: (method, path) => {
          const reply = replies[Math.min(asked.push(`${method} ${path}`), replies.length) - 1];
          return Promise.resolve(replyOf(reply));
        },
      },
      print: (text) => printed.push(text) > 0,
      terminal: () => null,
      hasColour: false,
      describe: ({ reason }, rights) => `${reason}: grant ${rights}`,
      warn: (message) => warnings.push(message),
      wallMs: () => nowMs,
      watchEveryMs: 1,
      ...ports,
    },
  );
  return { code, text: printed.join(''), lines: printed.join('').split('\n'), asked, warnings };
}

function replyOf(reply: JsonObject | ApiReply['id'] | Failure | undefined): ApiReply {
  if (reply === 'not-found' || reply === 'conflict') return { id: reply };
  if (typeof reply === 'object' && 'reason' in reply && typeof reply.reason === 'string')
    return { id: 'failed', failure: reply as Failure };
  return { id: 'object', object: reply as JsonObject, serverTimeMs: nowMs };
}

/** A run as `--once` remembers it. */
export const run = (key: string, start: string, token: string | null = '7') => ({
  ...{ key, start, token },
  by: 'web-7d_90ab',
});
