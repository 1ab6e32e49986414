/** Which Pods the Lease names as labelled. */
import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import { objectOf } from '../../src/json.ts';
import type { LeaseRequest } from '../../src/election/lease.ts';
import type { PodLabel } from '../../src/operate/pod-label.ts';
import {
  labelledPodsOf,
  readPodNote,
  withLabelledPods,
  writePodNote,
} from '../../src/operate/pod-note.ts';
import { cutOff, other, pod, retry, rig } from './pod-label-rig.ts';

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
