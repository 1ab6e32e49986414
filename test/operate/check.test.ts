import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import type { ApiReply } from '../../src/lease/client.ts';
import { checkTerm } from '../../src/operate/check.ts';

const nowMs = Date.UTC(2026, 0, 1, 12, 0, 0);
const acquireTime = '2026-01-01T09:00:00.123456Z';
const spec = {
  holderIdentity: 'me',
  leaseDurationSeconds: 15,
  acquireTime,
  renewTime: '2026-01-01T11:59:58.500000Z',
};

function check(reply: ApiReply) {
  return checkTerm(
    { namespace: 'prod', lockName: 'x', identity: 'me', acquireTime, renewDeadlineMs: 8_000 },
    {
      api: { request: () => Promise.resolve(reply) },
      describe: ({ reason }, rights) => `${reason}: grant ${rights}`,
      wallMs: () => nowMs,
      timeoutMs: 5_000,
    },
  );
}

function stored(changes: JsonObject, annotations: JsonObject = {}): ApiReply {
  const object = { metadata: { annotations }, spec: { ...spec, ...changes } };
  return { id: 'object', object, serverTimeMs: nowMs };
}

test.each<[string, ApiReply]>([
  ['the stored term is this one', stored({})],
  ['it is just within the deadline', stored({ renewTime: '2026-01-01T11:59:52.001000Z' })],
  ['others are asked to wait for less', stored({ leaseDurationSeconds: 1 })],
  [
    'a webhook has cut the times, and the annotation has them whole',
    stored(
      { acquireTime: '2026-01-01T09:00:00.000000Z' },
      { 'leader-run/term': `me@${acquireTime}` },
    ),
  ],
])('it leads: %s', async (_, reply) => {
  expect(await check(reply)).toEqual({ id: 'leads' });
});

test.each<[string, ApiReply, string]>([
  ['another holds it', stored({ holderIdentity: 'b' }), 'it is held by "b" now'],
  [
    'the same identity in another term',
    stored({ acquireTime: '2026-01-01T10:00:00.000000Z' }),
    'it is held by "me" now',
  ],
  ['it was released', stored({ holderIdentity: '' }), 'no one holds it'],
  ['it is gone', { id: 'not-found' }, 'it does not exist'],
  [
    'it was last renewed as long ago as the renew deadline',
    stored({ renewTime: '2026-01-01T11:59:52.000000Z' }),
    'it was last renewed at 2026-01-01T11:59:52.000000Z',
  ],
  ['it says no renewal', stored({ renewTime: null }), 'it was last renewed at no time'],
])('it does not lead: %s', async (_, reply, why) => {
  const result = await check(reply);
  expect(result).toMatchObject({ id: 'lost' });
  expect((result as { message: string }).message).toContain(`Not leading lease "prod/x": ${why}`);
});

test('without an answer it cannot tell', async () => {
  const failure = { reason: 'timeout', afterMs: 5_000 } as const;
  expect(await check({ id: 'failed', failure })).toEqual({
    id: 'failed',
    message: 'Cannot check lease "prod/x": timeout: grant get on leases.coordination.k8s.io',
  });
});
