import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import { objectOf } from '../../src/json.ts';
import type { LeaseRequest } from '../../src/election/lease.ts';
import type { ApiReply } from '../../src/lease/client.ts';
import { PodLabel } from '../../src/operate/pod-label.ts';
import {
  type PodNote,
  labelledPodsOf,
  readPodNote,
  withLabelledPods,
  writePodNote,
} from '../../src/operate/pod-note.ts';
import { put } from '../election/lease-store.ts';
import { Rig, settled } from '../run/rig.ts';
import { failed, RecordedApi } from './recorded-api.ts';

const pod: PodNote = { namespace: 'space', name: 'me-0', uid: 'u-me', label: 'app/role=leader' };
const other: PodNote = { ...pod, name: 'other-0', uid: null };
const cutOff = failed({ reason: 'network', code: 'ECONNRESET', message: 'socket hang up' });

function rig({ left = null, waits = false }: { left?: PodNote | null; waits?: boolean } = {}) {
  const api = new RecordedApi();
  const label = new PodLabel(api.context(), pod, waits);
  const driver = new Rig({}, (state) => label.onState(state));
  const annotations = left === null ? {} : { 'leader-run/pod': writePodNote(left) };
  driver.store = put(driver.store, {
    kind: 'Lease',
    metadata: { annotations },
    spec: { holderIdentity: '', leaseTransitions: 1 },
  });
  return { api, label, driver };
}

type LabelRig = ReturnType<typeof rig>;

/** The command runs, and what is due with that is done. */
async function run({ label, driver }: Pick<LabelRig, 'label' | 'driver'>): Promise<void> {
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  await label.close();
}

/** So late that what failed is tried again. */
async function retry({ api, label, driver }: LabelRig): Promise<void> {
  api.nowMs = 2_000;
  driver.pass(200);
  await label.close();
}

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

test('a name that is not of this Pod: said', async () => {
  const { api, label, driver } = rig();
  api.replies.push({ id: 'not-found' });
  await run({ label, driver });
  expect(api.warnings[0]).toContain('there is no such Pod with uid u-me: check POD_NAME');
});

/** The core has put its term into each record of ours. */
const ofTerm = { 'leader-run/term': 'me@2026-01-01T12:00:00.000000Z' };

/** The annotations with which a write of this body is sent. */
function sentAnnotations(label: PodLabel, holder: string, annotations: JsonObject = {}) {
  const sent: LeaseRequest[] = [];
  const api = label.annotate({
    send: (request) => {
      sent.push(request);
      return { answer: new Promise(() => undefined), abandon: () => undefined };
    },
    watch: () => ({ close: () => undefined }),
    close: () => undefined,
  });
  const body = { kind: 'Lease', metadata: { annotations }, spec: { holderIdentity: holder } };
  api.send({ id: 'update', body }, 1);
  api.send({ id: 'get' }, 1);
  expect(sent[1]).toEqual({ id: 'get' });
  return objectOf(objectOf((sent[0] as { body: JsonObject }).body['metadata'])['annotations']);
}

test('each record of ours names the Pod; a release does not, nor does it touch anything else', async () => {
  const { label, driver } = rig();
  await driver.lead();
  const before = { a: 'b', 'leader-run/pod': 'x' };
  expect(sentAnnotations(label, 'me', { ...before, ...ofTerm })).toEqual({
    a: 'b',
    'leader-run/pod': writePodNote(pod),
    ...ofTerm,
  });
  expect(sentAnnotations(label, '', before)).toEqual({ a: 'b' });
});

test('what is written into the Lease of another leader leaves its Pod as it is', () => {
  const annotations = { 'leader-run/pod': writePodNote(other), 'leader-run/successor': 'me' };
  expect(sentAnnotations(rig().label, 'another', annotations)).toEqual(annotations);
});

test('a Pod from which the label could not be taken off is named until it is off', async () => {
  const { api, label, driver } = rig({ left: other });
  api.replies.push(cutOff);
  await driver.lead();
  // Each record is written over the one before.
  let annotations: JsonObject = { 'leader-run/pod': writePodNote(other), ...ofTerm };
  const named = () => {
    annotations = sentAnnotations(label, 'me', annotations);
    return labelledPodsOf({ metadata: { annotations } });
  };
  // Also by a leader that is killed before it could do anything.
  expect(named()).toEqual([other, pod]);
  driver.report({ id: 'started', pid: 7 });
  await label.close();
  expect(named()).toEqual([other, pod]);
  // Someone has deleted the Lease, or taken out what the Pod is named by.
  annotations = { ...ofTerm };
  expect(named()).toEqual([other, pod]);
  await retry({ api, label, driver });
  expect(named()).toEqual([pod]);
});

test('the first record of a term names the Pod of the leader before, whatever was seen until then', () => {
  const { label } = rig();
  const annotations = sentAnnotations(label, 'me', {
    'leader-run/pod': writePodNote(other),
    ...ofTerm,
  });
  expect(labelledPodsOf({ metadata: { annotations } })).toEqual([other, pod]);
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

test('a release names our own Pod, should its label still be there', async () => {
  const { api, label, driver } = rig();
  const named = () => labelledPodsOf({ metadata: { annotations: sentAnnotations(label, '') } });
  await driver.lead();
  expect(named()).toEqual([]);
  driver.report({ id: 'started', pid: 7 });
  await label.close();
  api.replies.push(cutOff);
  driver.signal('SIGTERM');
  await label.close();
  expect(named()).toEqual([pod]);
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

test('no more than eight Pods are named', () => {
  const pods = Array.from({ length: 20 }, (_, index) => ({ ...pod, name: `web-${index}` }));
  const named = labelledPodsOf(withLabelledPods({}, null, pods));
  expect(named.map(({ name }) => name)).toEqual(pods.slice(12).map(({ name }) => name));
});

test.each(['', 'rubbish', '{}', '[]', '{"namespace":"a"}', '{"namespace":1,"name":{},"label":[]}'])(
  'a note that no leader-run wrote is none: %s',
  (text) => {
    expect(readPodNote(text)).toBeNull();
  },
);
