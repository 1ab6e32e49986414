import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, inject, it, type TestContext } from 'vitest';
import { overlaps, termsOf, type Overlap } from '../fixtures/judge.ts';
import { Proxy, type Direction } from '../fixtures/proxy.ts';
import { createNamespace, readLease } from './api.ts';
import { startLeaderRun } from './candidates.ts';
import { createServiceAccountUser } from './users.ts';

const cluster = inject('cluster');
const lockName = 'frozen';

/** What became of a leader whose connection fell silent. Instants are Unix ms. */
interface Story {
  /** When the last renewal was sent that the leader can have had an answer to. */
  readonly confirmedMs: number;
  /** When the last renewal was sent that the API server stored. */
  readonly storedMs: number;
  readonly toldMs: number;
  readonly goneMs: number;
  readonly successorMs: number;
  readonly overlaps: readonly Overlap[];
  readonly status: number | null;
}

describe.concurrent('a leader behind a connection that falls silent, 15s/10s/2s', () => {
  it.for<{ readonly name: string; readonly directions: readonly Direction[] }>([
    { name: 'both ways', directions: ['to-server', 'to-client'] },
    { name: 'towards the client', directions: ['to-client'] },
    { name: 'towards the server', directions: ['to-server'] },
  ])(
    'G2: $name: its command, which ignores signals, is gone within 14 s and the successor comes after 15 s',
    async ({ directions }, context) => {
      const story = await freeze(directions, context);
      expect(story.toldMs - story.confirmedMs).toBeLessThan(10_250);
      expect(story.goneMs - story.confirmedMs).toBeLessThan(14_000);
      expect(story.successorMs - story.storedMs).toBeGreaterThan(15_000);
      expect(story.overlaps).toEqual([]);
      expect(story.status).toBe(75);
    },
  );
});

async function freeze(
  directions: readonly Direction[],
  { onTestFinished: atEnd }: TestContext,
): Promise<Story> {
  const namespace = await createNamespace(cluster);
  const proxy = await Proxy.start(cluster.url);
  atEnd(() => proxy.close());
  const server = `https://127.0.0.1:${proxy.port}`;
  const behindProxy = await createServiceAccountUser(cluster, { namespace, lockName, server });
  const direct = await createServiceAccountUser(cluster, { namespace, lockName });

  const workerFlags = ['--ignore-signals'];
  const leader = startLeaderRun({ kubeconfig: behindProxy, lockName, workerFlags, atEnd });
  await leader.workerSays('start');
  const standby = startLeaderRun({ kubeconfig: direct, lockName, atEnd });
  await standby.until('line about waiting', () => standby.output[0]);
  const before = await recordOf(namespace);
  while ((await recordOf(namespace)).renewedMs === before.renewedMs) await delay(20);
  proxy.freeze(...directions);
  const confirmed = await recordOf(namespace);

  let stored = confirmed;
  for (let record = confirmed; record.holder === confirmed.holder;) {
    stored = record;
    await delay(100);
    record = await recordOf(namespace);
  }
  const successor = await standby.workerSays('start');
  const told = await leader.workerSays('signal');
  const { code } = await leader.ended;
  await standby.stop();
  const [term] = termsOf(leader.workerLines);
  return {
    confirmedMs: confirmed.renewedMs,
    storedMs: stored.renewedMs,
    toldMs: told.atMs,
    goneMs: term?.endMs ?? Infinity,
    successorMs: successor.atMs,
    overlaps: overlaps(termsOf([...leader.workerLines, ...standby.workerLines])),
    status: code,
  };
}

async function recordOf(namespace: string): Promise<{ holder: string; renewedMs: number }> {
  const lease = await readLease(cluster, namespace, lockName);
  const { holderIdentity = '', renewTime = '' } = lease?.spec ?? {};
  return { holder: holderIdentity, renewedMs: Date.parse(renewTime) };
}
