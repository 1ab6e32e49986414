/** A Deployment of three replicas, as the README has it, rolled out; then a command that gets sick. */
import { expect, inject, onTestFinished, test } from 'vitest';
import { overlaps, termsOf } from '../fixtures/judge.ts';
import { createNamespace, mustCallApi, readLease } from './api.ts';
import { certificateUser, writeKubeconfig } from './users.ts';
import { costAnnotation, Kubelet, podLabel, type Container } from './kubelet.ts';

const access = inject('cluster');
const sampleEveryMs = 50;
const replicas = 3;

interface Sample {
  readonly atMs: number;
  readonly ready: number;
  readonly holder: string;
  readonly labelled: string;
}

/** Looks at Lease and Pods all the time. */
function watch(namespace: string, kubelet: Kubelet) {
  const samples: Sample[] = [];
  let isOver = false;
  onTestFinished(() => void (isOver = true));
  const look = async (): Promise<void> => {
    while (!isOver) {
      const lease = await readLease(access, namespace, 'worker');
      const list = await mustCallApi(access, 'GET', `/api/v1/namespaces/${namespace}/pods`);
      const { items } = list as {
        items: {
          metadata: {
            name: string;
            labels: Record<string, string>;
            annotations?: Record<string, string>;
          };
        }[];
      };
      const labelled = items
        .map(({ metadata }) => metadata)
        .filter(({ labels }) => labels[podLabel.key] === podLabel.value)
        .map(({ name, annotations }) =>
          annotations?.[costAnnotation] === '100' ? name : `${name}?`,
        );
      samples.push({
        atMs: performance.now(),
        ready: kubelet.available().length,
        holder: (lease?.spec.holderIdentity ?? '').split('_')[0] ?? '',
        labelled: labelled.join(),
      });
      await new Promise((done) => setTimeout(done, sampleEveryMs));
    }
  };
  void look();
  return samples;
}

/** The longest time for which something was so without a break, ms. */
function longestMs(samples: readonly Sample[], isSo: (sample: Sample) => boolean): number {
  let sinceMs: number | null = null;
  let longest = 0;
  for (const sample of samples) {
    if (!isSo(sample)) sinceMs = null;
    else {
      sinceMs ??= sample.atMs;
      longest = Math.max(longest, sample.atMs - sinceMs);
    }
  }
  return longest;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, sampleEveryMs));
}

test('a roll-out: one hand-over, always enough Ready Pods, the label on the leader; and a sick command', async () => {
  const namespace = await createNamespace(access);
  const kubelet = new Kubelet(
    access,
    namespace,
    writeKubeconfig(access, { namespace, user: certificateUser(access.admin) }),
  );
  const all: Container[] = [];
  const run = async () => {
    const container = await kubelet.run();
    all.push(container);
    return container;
  };
  onTestFinished(async () => {
    await Promise.all(all.map((container) => container.stop()));
  });
  for (let count = 0; count < replicas; count += 1) await run();
  const samples = watch(namespace, kubelet);
  /** The last sample may be older than the end of the Pod that it names: no one leads then. */
  const leader = () => kubelet.containers.find(({ pod }) => pod.name === samples.at(-1)?.holder);
  const isLabelled = () => {
    const name = leader()?.pod.name;
    return name !== undefined && name === samples.at(-1)?.labelled;
  };
  await until(() => kubelet.available().length === replicas && isLabelled());

  const before = (await readLease(access, namespace, 'worker'))?.spec.leaseTransitions ?? 0;
  const firstSample = samples.length;
  const old = [...kubelet.containers];
  while (old.length > 0) {
    await run();
    await until(() => kubelet.available().length > replicas);
    const victim = await kubelet.cheapest(old);
    old.splice(old.indexOf(victim), 1);
    await kubelet.delete(victim);
  }
  await until(() => kubelet.available().length === replicas && isLabelled());
  const during = samples.slice(firstSample);
  const after = (await readLease(access, namespace, 'worker'))?.spec.leaseTransitions ?? 0;
  expect(after - before).toBe(1);
  expect(Math.min(...during.map(({ ready }) => ready))).toBeGreaterThanOrEqual(replicas);
  expect(all.map(({ restarts }) => restarts)).toEqual(all.map(() => 0));
  const wrongMs = longestMs(during, ({ labelled, holder }) => labelled !== holder);
  expect(wrongMs).toBeLessThan(1_000);

  const sick = leader();
  if (sick === undefined) throw new Error('no one leads');
  sick.makeSick();
  await until(() => sick.restarts === 1 && sick.isReady && isLabelled());
  expect(leader()).not.toBe(sick);
  expect(sick.output.filter((line) => /Stopping|Released/.test(line))).toEqual([
    expect.stringContaining('on SIGTERM'),
    expect.stringContaining('Released lease'),
  ]);
  expect(all.map(({ restarts }) => restarts).reduce((sum, one) => sum + one)).toBe(1);
  expect(overlaps(termsOf(all.flatMap(({ lines }) => lines)))).toEqual([]);
  process.stderr.write(
    `roll-out: ${samples.length} samples, label not on the leader for at most ${Math.round(wrongMs)} ms\n`,
  );
});
