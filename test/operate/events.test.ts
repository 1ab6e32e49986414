import { expect, test } from 'vitest';
import { Events } from '../../src/operate/events.ts';
import { Rig, settled } from '../run/rig.ts';
import { failed, RecordedApi } from './recorded-api.ts';

async function leading() {
  const api = new RecordedApi();
  const events = new Events(api.context());
  const driver = new Rig({}, (state, at) => events.onState(state, at));
  await driver.lead();
  return { api, events, driver };
}

test('one Event when the command runs and one when the lease is released', async () => {
  const { api, events, driver } = await leading();
  expect(api.sent).toEqual([]);
  driver.report({ id: 'started', pid: 7 });
  await events.close();
  expect(api.sent).toEqual([
    {
      request: 'POST /api/v1/namespaces/space/events',
      timeoutMs: 2_000,
      body: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: {
          name: expect.stringMatching(/^lock\.18[0-9a-f]{14}$/) as unknown,
          namespace: 'space',
        },
        involvedObject: {
          kind: 'Lease',
          namespace: 'space',
          name: 'lock',
          uid: 'u1',
          apiVersion: 'coordination.k8s.io/v1',
          resourceVersion: '1',
        },
        reason: 'LeaderElection',
        message: 'me became leader',
        source: { component: 'me' },
        firstTimestamp: '2026-01-01T12:00:00Z',
        lastTimestamp: '2026-01-01T12:00:00Z',
        count: 1,
        type: 'Normal',
        eventTime: null,
        reportingComponent: 'me',
        reportingInstance: '',
      },
    },
  ]);
  driver.report({ id: 'ended', ending: { id: 'exited', code: 0 } });
  driver.report({ id: 'gone' });
  await settled();
  expect(api.sent).toHaveLength(1);
  await driver.answer();
  await events.close();
  expect(api.sent.map(({ body }) => body?.['message'])).toEqual([
    'me became leader',
    'me stopped leading',
  ]);
});

test('a failure costs the Event and no more; once forbidden, none is tried again', async () => {
  const { api, events, driver } = await leading();
  api.replies.push(failed({ reason: 'forbidden', message: 'no' }));
  driver.report({ id: 'started', pid: 7 });
  await events.close();
  expect(api.warnings).toEqual([
    'Cannot send an Event about lease "space/lock": forbidden: grant create on events in space; sending no more Events',
  ]);
  driver.report({ id: 'ended', ending: { id: 'exited', code: 0 } });
  driver.report({ id: 'gone' });
  await driver.answer();
  await events.close();
  expect(api.sent).toHaveLength(1);
});

test('whoever never led says nothing', async () => {
  const api = new RecordedApi();
  const events = new Events(api.context());
  const driver = new Rig({}, (state, at) => events.onState(state, at));
  driver.pass(0);
  driver.signal('SIGTERM');
  await settled();
  await events.close();
  expect(api.sent).toEqual([]);
});
