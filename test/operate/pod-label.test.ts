import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import type { LeaseRequest } from '../../src/election/lease.ts';
import type { ApiReply } from '../../src/lease/client.ts';
import { PodLabel } from '../../src/operate/pod-label.ts';
import { readPodNote, writePodNote, type PodNote } from '../../src/operate/pod-note.ts';
import { put } from '../election/lease-store.ts';
import { Rig, settled } from '../run/rig.ts';
import { failed, RecordedApi } from './recorded-api.ts';

const pod: PodNote = { namespace: 'space', name: 'me-0', uid: 'u-me', label: 'app/role=leader' };

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
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  await label.close();
  driver.pass(10_000);
  await label.close();
  expect(api.sent.map(({ body }) => body)).toEqual([set, removal('u-me')]);
});

test('with --command-health it is set at the first success', async () => {
  const { api, label, driver } = rig({ waits: true });
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  await label.close();
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
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  await label.close();
  expect(api.sent.map(({ request }) => request)).toEqual([own]);
});

test('a command that ends before the label is set gets none', async () => {
  const left = { ...pod, name: 'other-0' };
  const { api, label, driver } = rig({ left });
  let answer: (reply: ApiReply) => void = () => undefined;
  api.replies.push(new Promise((resolve) => (answer = resolve)));
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  driver.signal('SIGTERM');
  answer({ id: 'not-found' });
  await label.close();
  expect(api.sent.map(({ body }) => body)).toEqual([removal('u-me'), removal('u-me')]);
});

test('forbidden: said once, and left alone', async () => {
  const { api, label, driver } = rig();
  api.replies.push(failed({ reason: 'forbidden', message: 'no' }));
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  await label.close();
  driver.signal('SIGTERM');
  await label.close();
  expect(api.warnings).toEqual([
    'Cannot set label "app/role=leader" of Pod "space/me-0": forbidden: grant patch on pods in space; leaving labels alone',
  ]);
  expect(api.sent).toHaveLength(1);
});

test('a name that is not of this Pod: said', async () => {
  const { api, label, driver } = rig();
  api.replies.push({ id: 'not-found' });
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  await label.close();
  expect(api.warnings[0]).toContain('there is no such Pod with uid u-me: check POD_NAME');
});

test('each record of ours names the Pod; a release does not', async () => {
  const sent: LeaseRequest[] = [];
  const { label, driver } = rig();
  await driver.lead();
  const api = label.annotate({
    send: (request) => {
      sent.push(request);
      return { answer: new Promise(() => undefined), abandon: () => undefined };
    },
    watch: () => ({ close: () => undefined }),
    close: () => undefined,
  });
  for (const { request } of driver.requests) api.send(request, 1);
  const [first, second] = sent;
  expect(first).toEqual({ id: 'get' });
  const noteOf = (request: LeaseRequest | undefined) =>
    ((request as { body: JsonObject }).body['metadata'] as { annotations: JsonObject }).annotations[
      'leader-run/pod'
    ];
  expect(readPodNote(noteOf(second))).toEqual(pod);
  const held = (second as { body: JsonObject }).body;
  api.send(
    {
      id: 'update',
      body: {
        ...held,
        metadata: { annotations: { a: 'b', 'leader-run/pod': 'x' } },
        spec: { holderIdentity: '' },
      },
    },
    1,
  );
  expect(sent[2]).toMatchObject({ body: { metadata: { annotations: { a: 'b' } } } });
  expect(noteOf(sent[2])).toBeUndefined();
});

test.each(['', 'rubbish', '{}', '[]', '{"namespace":"a"}', '{"namespace":1,"name":{},"label":[]}'])(
  'a note that no leader-run wrote is none: %s',
  (text) => {
    expect(readPodNote(text)).toBeNull();
  },
);
