/** What the simulated server remembers of its writes is what the judge goes by. */
import { expect, test } from 'vitest';
import { type Author, Server } from './server.ts';
import { World } from './world.ts';

const hand: Author = { name: 'hand', kind: 'hand' };
const candidate: Author = { name: 'c0.1', kind: 'leader-run' };

const acquireTime = '2026-01-01T12:00:00.123456Z';

function body(renewTime: string, resourceVersion?: number) {
  const version = resourceVersion === undefined ? {} : { resourceVersion: String(resourceVersion) };
  return {
    metadata: { name: 'lease', ...version },
    spec: {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime,
      renewTime,
      leaseTransitions: 0,
    },
  };
}

test('A term goes by the time that its leader sent, though a webhook has cut it and someone has edited a label since', () => {
  const server = new Server(new World('server', false));
  const arrival = { author: candidate, sentBootMs: 0 };
  server.handle({ ...arrival, request: { id: 'create', body: body(acquireTime) } });
  server.admitBy('cuts times', 60_000);
  const renewed = body('2026-01-01T12:00:02.123456Z', server.current?.resourceVersion);
  server.handle({ ...arrival, request: { id: 'update', body: renewed } });

  server.editLabel(hand);

  expect(server.current?.lease['spec']).toMatchObject({
    acquireTime: '2026-01-01T12:00:00.000000Z',
  });
  expect(server.current).toMatchObject({ acquireTime, write: { author: candidate } });
});
