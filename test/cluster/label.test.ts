/**
 * The Pod's label and the stop signal, over the whole way: core, driver, HTTP, API server, and a command that says when it was told.
 * What is compared is when the API server had answered, and when the command's signal came.
 */
import { resolve } from 'node:path';
import { expect, inject, test } from 'vitest';
import { createNamespace, leasePath, mustCallApi, readLease } from './api.ts';
import { Candidate } from './candidates.ts';
import { Gateway } from './gateway.ts';
import { createPod, readPod } from './pods.ts';

const access = inject('cluster');
const leaderRun = resolve(import.meta.dirname, '../../bin/leader-run');
const worker = resolve(import.meta.dirname, '../fixtures/worker.mjs');
const role = 'leader-run.example/role';
/** Clocks of two processes read one machine's clock, but their fractions are their own. */
const clockMs = 2;

/** A leader whose Pod has the label. */
async function leader(flags: readonly string[] = [], workerFlags: readonly string[] = []) {
  const namespace = await createNamespace(access);
  const gateway = await Gateway.start(access);
  const pod = await createPod(access, namespace);
  const candidate = new Candidate('/usr/bin/env', [
    ...[`POD_NAME=${pod.name}`, `POD_NAMESPACE=${namespace}`, `POD_UID=${pod.uid}`, leaderRun],
    ...['--kubeconfig', gateway.kubeconfig, '-n', namespace, '--lock-name', 'lock', '--id', 'us'],
    ...['--pod-label', `${role}=leader`, ...flags, '--', process.execPath, worker, ...workerFlags],
  ]);
  await candidate.workerSays('start');
  while ((await labelOf()) !== 'leader') await new Promise((done) => setTimeout(done, 20));
  const { length } = gateway.patches;
  return {
    ...{ namespace, gateway, candidate, labelOf },
    /** The removal. */
    removal: () => gateway.patches[length],
    signalledAtMs: async () => (await candidate.workerSays('signal')).atMs,
  };

  async function labelOf(): Promise<string | undefined> {
    return (await readPod(access, namespace, pod.name))?.labels[role];
  }
}

type Leader = Awaited<ReturnType<typeof leader>>;

const askToStop: Readonly<
  Record<'SIGTERM' | 'transfer', (leader: Leader) => Promise<void> | void>
> = {
  SIGTERM: ({ candidate }) => candidate.kill('SIGTERM'),
  transfer: async ({ namespace }) => {
    const { acquireTime } = (await readLease(access, namespace, 'lock'))?.spec ?? {};
    const request = { to: null, term: `us@${acquireTime ?? ''}`, by: 'test', at: '' };
    await mustCallApi(access, 'PATCH', leasePath(namespace, 'lock'), {
      metadata: { annotations: { 'leader-run/transfer': JSON.stringify(request) } },
    });
  },
};

test.each(['SIGTERM', 'transfer'] as const)(
  'by %s: the API server has taken the label off before the command is told',
  async (how) => {
    const leading = await leader();
    await askToStop[how](leading);
    const toldAtMs = await leading.signalledAtMs();
    const removal = leading.removal();
    expect(removal?.labels).not.toHaveProperty([role]);
    const answeredAtMs = removal?.answeredAtMs ?? Infinity;
    expect(answeredAtMs).toBeLessThan(toldAtMs + clockMs);
    // And then it is not kept any longer.
    expect(toldAtMs - answeredAtMs).toBeLessThan(500);
    await leading.candidate.ended;
    expect(await leading.labelOf()).toBeUndefined();
    expect((await readLease(access, leading.namespace, 'lock'))?.spec.holderIdentity).toBe('');
  },
);

test.each(['SIGTERM', 'transfer'] as const)(
  'by %s, and the API server hangs on the removal: the command is told a second later, and the lease released',
  async (how) => {
    const leading = await leader();
    leading.gateway.swallowsPatches = true;
    await askToStop[how](leading);
    const toldAtMs = await leading.signalledAtMs();
    const waitedMs = toldAtMs - (leading.removal()?.arrivedAtMs ?? Infinity);
    expect(waitedMs).toBeGreaterThan(900);
    expect(waitedMs).toBeLessThan(1_300);
    await leading.candidate.ended;
    expect((await readLease(access, leading.namespace, 'lock'))?.spec.holderIdentity).toBe('');
    expect(await leading.labelOf()).toBe('leader');
    expect(leading.candidate.output.filter((line) => line.includes('Cannot remove'))).toHaveLength(
      1,
    );
  },
);

test('the kill comes when the grace is over, as if there were no label that hangs', async () => {
  const leading = await leader(['--grace-period', '3s'], ['--ignore-signals']);
  leading.gateway.swallowsPatches = true;
  const askedAtMs = Date.now();
  leading.candidate.kill('SIGTERM');
  const end = await leading.candidate.ended;
  expect(end.code).toBe(137);
  const lastMs = leading.candidate.workerLines.at(-1)?.atMs ?? Infinity;
  expect(lastMs - askedAtMs).toBeGreaterThan(2_900);
  expect(lastMs - askedAtMs).toBeLessThan(3_400);
});

test.each([false, true])(
  'deposed, the API server hangs on the removal: %s: the command is told at once, and nobody waits',
  async (hangs) => {
    const leading = await leader();
    leading.gateway.swallowsPatches = hangs;
    const editedAtMs = Date.now();
    await mustCallApi(access, 'PATCH', leasePath(leading.namespace, 'lock'), {
      spec: { holderIdentity: 'someone' },
    });
    expect((await leading.signalledAtMs()) - editedAtMs).toBeLessThan(500);
    expect((await leading.candidate.ended).code).toBe(75);
    expect(leading.removal()?.arrivedAtMs).toBeGreaterThan(editedAtMs - clockMs);
    expect(await leading.labelOf()).toBe(hangs ? 'leader' : undefined);
  },
);

test('lost because the API server is gone: the command is told when the renew deadline is over, and not later', async () => {
  const leading = await leader(['--lease-duration', '6s', '--renew-deadline', '3s']);
  const renewTime = async () =>
    Date.parse((await readLease(access, leading.namespace, 'lock'))?.spec.renewTime ?? '');
  const before = await renewTime();
  while ((await renewTime()) === before) await new Promise((done) => setTimeout(done, 20));
  const renewedAtMs = await renewTime();
  leading.gateway.fallSilent();
  const toldAfterMs = (await leading.signalledAtMs()) - renewedAtMs;
  expect(toldAfterMs).toBeGreaterThan(2_900);
  expect(toldAfterMs).toBeLessThan(3_400);
  expect((await leading.candidate.ended).code).toBe(75);
});
