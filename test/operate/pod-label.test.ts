/** When the Pod's label is set and removed. */
import { expect, test } from 'vitest';
import type { ApiReply } from '../../src/lease/client.ts';
import { type PodNote, withLabelledPods } from '../../src/operate/pod-note.ts';
import { put } from '../election/lease-store.ts';
import { settled } from '../run/rig.ts';
import { cutOff, other, pod, retry, rig, run } from './pod-label-rig.ts';
import { failed } from './recorded-api.ts';

const set = {
  metadata: {
    uid: 'u-me',
    labels: { 'app/role': 'leader' },
    annotations: { 'controller.kubernetes.io/pod-deletion-cost': '100' },
  },
};

function removal(uid: string | null): object {
  return {
    metadata: {
      ...(uid === null ? {} : { uid }),
      labels: { 'app/role': null },
      annotations: { 'controller.kubernetes.io/pod-deletion-cost': null },
    },
  };
}

const own = 'PATCH /api/v1/namespaces/space/pods/me-0';

test('set after the command has started, removed when it is stopped', async () => {
  const { api, label, driver } = rig();
  await driver.lead();
  await settled();
  expect(api.sent).toEqual([]);
  driver.report({ id: 'started', pid: 7 });
  await label.close();
  expect(api.sent).toEqual([{ request: own, body: set, timeoutMs: 2_000 }]);
  driver.signal('SIGTERM');
  await label.close();
  expect(api.sent.slice(1)).toEqual([{ request: own, body: removal('u-me'), timeoutMs: 1_000 }]);
  expect(api.warnings).toEqual([]);
});

test('removed when the lease is lost', async () => {
  const { api, label, driver } = rig();
  await run({ label, driver });
  driver.pass(10_000);
  await label.close();
  expect(api.sent.map(({ body }) => body)).toEqual([set, removal('u-me')]);
});

test('with --command-health it is set at the first success', async () => {
  const { api, label, driver } = rig({ waits: true });
  await run({ label, driver });
  expect(api.sent).toEqual([]);
  label.set();
  label.set();
  await label.close();
  expect(api.sent).toHaveLength(1);
});

test('the label of a crashed leader goes first, unless that is gone', async () => {
  const left = { namespace: 'space', name: 'other-0', uid: 'u-other', label: 'app/role=leader' };
  for (const answer of ['object', 'not-found', 'conflict'] as const) {
    const { api, label, driver } = rig({ left });
    api.replies.push({ id: answer, object: {}, serverTimeMs: 0 });
    await driver.lead();
    driver.report({ id: 'started', pid: 7 });
    await label.close();
    expect(api.sent).toEqual([
      {
        request: 'PATCH /api/v1/namespaces/space/pods/other-0',
        body: removal('u-other'),
        timeoutMs: 2_000,
      },
      { request: own, body: set, timeoutMs: 2_000 },
    ]);
    expect(api.warnings).toEqual([]);
  }
});

test.each<[string, PodNote]>([
  ['the same Pod, restarted', { ...pod, uid: null }],
  ['a Pod of another namespace', { ...pod, namespace: 'other', name: 'x' }],
])('of %s nothing is removed', async (_, left) => {
  const { api, label, driver } = rig({ left });
  await run({ label, driver });
  expect(api.sent.map(({ request }) => request)).toEqual([own]);
});

test('a command that ends before the label is set gets none', async () => {
  const { api, label, driver } = rig();
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  driver.signal('SIGTERM');
  await label.close();
  expect(api.sent).toEqual([]);
});

test('forbidden: said once, and tried again after half a minute', async () => {
  const { api, label, driver } = rig();
  const forbidden = failed({ reason: 'forbidden', message: 'no' });
  api.replies.push(forbidden, forbidden);
  await run({ label, driver });
  for (api.nowMs of [29_999, 30_000, 59_999, 60_000]) {
    driver.pass(200);
    await label.close();
  }
  expect(api.sent.map(({ body }) => body)).toEqual([set, set, set]);
  expect(api.warnings).toEqual([
    'Cannot set label "app/role=leader" of Pod "space/me-0": forbidden: grant patch on pods in space',
  ]);
});

test('what failed is tried again after two seconds: first the label of a leader before, then our own', async () => {
  const { api, label, driver } = rig({ left: { ...pod, name: 'other-0' } });
  api.replies.push(cutOff, cutOff);
  await run({ label, driver });
  expect(api.sent.map(({ body }) => body)).toEqual([removal('u-me'), set]);
  for (api.nowMs of [1_999, 2_000, 10_000]) {
    driver.pass(200);
    await label.close();
  }
  expect(api.sent.slice(2).map(({ body }) => body)).toEqual([removal('u-me'), set]);
});

test('the label of a leader before is tried to be removed once more before our own is set, where no answer has come', async () => {
  const { api, label, driver } = rig({ left: other });
  api.replies.push(failed({ reason: 'timeout', afterMs: 2_000 }));
  await run({ label, driver });
  const before = 'PATCH /api/v1/namespaces/space/pods/other-0';
  expect(api.sent.map(({ request }) => request)).toEqual([before, before, own]);
  expect(api.warnings).toEqual([]);
});

test('a name that is not of this Pod: said', async () => {
  const { api, label, driver } = rig();
  api.replies.push({ id: 'not-found' });
  await run({ label, driver });
  expect(api.warnings[0]).toContain('there is no such Pod with uid u-me: check POD_NAME');
});

test.each<[string, Partial<PodNote>]>([
  ['another label', { label: 'app=database' }],
  ['a name that is a path', { name: 'web-1/ephemeralcontainers' }],
  ['a name with a query', { name: 'web-1?dryRun=All' }],
])('whoever may write the Lease cannot have %s changed', async (_, changes) => {
  const { api, label, driver } = rig({ left: { ...other, ...changes } });
  await run({ label, driver });
  expect(api.sent.map(({ request }) => request)).toEqual([own]);
});

test('two Pods that cannot be reached are said once each', async () => {
  const { api, label, driver } = rig({ left: other });
  api.replies.push(cutOff, cutOff, cutOff, cutOff);
  await run({ label, driver });
  await retry({ api, label, driver });
  expect(api.sent).toHaveLength(4);
  expect(api.warnings).toHaveLength(2);
});

test('a stop does not wait for the Pods of other leaders', async () => {
  const { api, label, driver } = rig();
  const pods = [other, { ...other, name: 'other-1' }];
  driver.store = put(driver.store, {
    kind: 'Lease',
    metadata: withLabelledPods({}, null, pods)['metadata'] ?? {},
    spec: { holderIdentity: '', leaseTransitions: 1 },
  });
  let answer: (reply: ApiReply) => void = () => undefined;
  api.replies.push(new Promise((resolve) => (answer = resolve)));
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  while (api.sent.length === 0) await new Promise(setImmediate);
  driver.signal('SIGTERM');
  answer(cutOff);
  await label.close();
  expect(api.sent.map(({ request }) => request)).toEqual([
    'PATCH /api/v1/namespaces/space/pods/other-0',
  ]);
});

test('the same failure is said again if all was well between', async () => {
  const { api, label, driver } = rig();
  api.replies.push(cutOff);
  await run({ label, driver });
  await retry({ api, label, driver });
  expect(api.warnings).toHaveLength(1);
  void label.remove();
  await label.close();
  api.replies.push(cutOff);
  label.set();
  await label.close();
  expect(api.warnings).toHaveLength(2);
});
