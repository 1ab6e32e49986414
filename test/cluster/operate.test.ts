/** What leader-run leaves for a cluster's operators on a real API server: Events and the Pod's label. */
import { resolve } from 'node:path';
import { expect, inject, test } from 'vitest';
import { createNamespace, mustCallApi } from './api.ts';
import { buildRecorder } from './binaries.ts';
import { sayOnStderr } from './cache.ts';
import { Candidate, startClientGo } from './candidates.ts';
import { createPod, readPod, type StoredPod } from './pods.ts';

const access = inject('cluster');
const leaderRun = resolve(import.meta.dirname, '../../bin/leader-run');
const podLabel = 'leader-run.example/role=leader';
const cost = 'controller.kubernetes.io/pod-deletion-cost';

/** Looks until it finds something; the API is asked, so there is no event to wait for. */
async function until<T>(look: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
}

interface StoredEvent {
  readonly message: string;
  readonly metadata: { readonly name: string; readonly managedFields?: unknown };
}

async function eventsAbout(namespace: string, lockName: string, count: number) {
  const query = `fieldSelector=involvedObject.name=${lockName}`;
  return until(async () => {
    const list = await mustCallApi(
      access,
      'GET',
      `/api/v1/namespaces/${namespace}/events?${query}`,
    );
    const { items } = list as { items: StoredEvent[] };
    return items.length < count ? null : items;
  });
}

/** The Event as text, with what two runs cannot have in common put out: names, ids, versions, times and who wrote it. */
function comparable(event: StoredEvent, lockName: string, identity: string): string {
  return JSON.stringify(event, null, 1)
    .replaceAll(lockName, 'LOCK')
    .replaceAll(identity, 'ID')
    .replaceAll(/LOCK\.[0-9a-f]{16}/g, 'LOCK.TIME')
    .replaceAll(/"[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"UID"')
    .replaceAll(/"resourceVersion": "\d+"/g, '"resourceVersion": "N"')
    .replaceAll(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g, '"SECONDS"')
    .replaceAll(/"manager": "[^"]*"/g, '"manager": "M"');
}

test("an Event's JSON is what client-go's recorder leaves on the same server", async () => {
  const namespace = await createNamespace(access);
  const kubeconfig = access.adminKubeconfig;
  const recorder = new Candidate(await buildRecorder(sayOnStderr), [
    ...['-kubeconfig', kubeconfig, '-lease-lock-namespace', namespace],
    ...['-lease-lock-name', 'theirs', '-id', 'them'],
  ]);
  await recorder.until('leading', () => recorder.output.find((line) => line === 'leading'));
  await recorder.stop();
  const ours = new Candidate(leaderRun, [
    ...['--kubeconfig', kubeconfig, '-n', namespace, '--lock-name', 'ours', '--id', 'us'],
    ...['--events', '--', 'true'],
  ]);
  expect(await ours.ended).toEqual({ code: 0, signal: null });
  const shown = async (lockName: string, identity: string) => {
    const events = await eventsAbout(namespace, lockName, 2);
    return events
      .toSorted((a, b) => (a.message < b.message ? -1 : 1))
      .map((event) => comparable(event, lockName, identity));
  };
  expect(await shown('ours', 'us')).toEqual(await shown('theirs', 'them'));
});

/** leader-run as in the container of this Pod. */
function startInPod(namespace: string, pod: StoredPod, flags: readonly string[]): Candidate {
  return new Candidate('/usr/bin/env', [
    `POD_NAME=${pod.name}`,
    `POD_NAMESPACE=${namespace}`,
    `POD_UID=${pod.uid}`,
    leaderRun,
    ...['--kubeconfig', access.adminKubeconfig, '-n', namespace, '--lock-name', 'lock', '-v'],
    ...['--lease-duration', '4s', '--pod-label', podLabel, ...flags, '--', 'sleep', '600'],
  ]);
}

/** Who carries label and cost, by name. */
async function labelled(namespace: string, pods: readonly StoredPod[]): Promise<string[]> {
  const marked = await Promise.all(
    pods.map(async ({ name }) => {
      const pod = await readPod(access, namespace, name);
      const [key = '', value] = podLabel.split('=');
      const has = [pod?.labels[key] === value, pod?.annotations[cost] === '100'];
      return has[0] === has[1] ? (has[0] ? [name] : []) : [`${name}: half`];
    }),
  );
  return marked.flat();
}

test('the label is on the leader: after a hand-over, and after a crash of the one before', async () => {
  const namespace = await createNamespace(access);
  const pods = [await createPod(access, namespace), await createPod(access, namespace)] as const;
  const until1 = (names: readonly string[]) =>
    until(async () => ((await labelled(namespace, pods)).join() === names.join() ? true : null));
  const first = startInPod(namespace, pods[0], []);
  await until1([pods[0].name]);
  const second = startInPod(namespace, pods[1], []);
  await second.until('wait', () => second.output.find((line) => line.includes('Waiting')));
  expect(await first.stop()).toMatchObject({ code: 143 });
  await until1([pods[1].name]);

  const third = startInPod(namespace, pods[0], []);
  await third.until('wait', () => third.output.find((line) => line.includes('Waiting')));
  // Its label stays behind, until the next leader takes it off.
  second.kill('SIGKILL');
  await third.until('lead', () => third.output.find((line) => line.includes('Started command')));
  await until1([pods[0].name]);
  await third.stop();
  await until1([]);
});

test('status and the lease of a client-go', async () => {
  const namespace = await createNamespace(access);
  const theirs = startClientGo(access, { namespace, lockName: 'theirs', identity: 'them' });
  await theirs.until('word', () =>
    theirs.output.find(
      (line) => line.includes('became leader') || line.includes('Controller loop'),
    ),
  );
  const status = async () => {
    const flags = ['--kubeconfig', access.adminKubeconfig];
    const shown = new Candidate(leaderRun, ['status', `${namespace}/theirs`, ...flags]);
    return { ...(await shown.ended), line: shown.output[1] };
  };
  expect(await status()).toMatchObject({
    code: 0,
    line: expect.stringMatching(/\/theirs +them +\d+s +\d+s +in \d+s +0$/) as unknown,
  });
  await theirs.stop();
  expect(await status()).toMatchObject({
    code: 1,
    line: expect.stringMatching(/\/theirs +- +- +\d+s +- +0$/) as unknown,
  });
});
