/** `leader-run transfer` against the real API server, beside a real client-go. */
import { resolve } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createNamespace, leasePath, mustCallApi, readLease } from './api.ts';
import { Candidate, startClientGo, startLeaderRun } from './candidates.ts';
import { Crowd, innocent } from './crowd.ts';

const access = inject('cluster');
const leaderRun = resolve(import.meta.dirname, '../../bin/leader-run');
const rounds = 8;

interface Transfer {
  readonly to: string;
  readonly code: number | null;
  readonly said: string;
}

async function transfer(namespace: string, lock: string, to: string, ...flags: string[]) {
  const { adminKubeconfig } = access;
  const args = ['--kubeconfig', adminKubeconfig, '-n', namespace, '--to', to, ...flags];
  const asked = new Candidate(leaderRun, ['transfer', lock, ...args]);
  const { code } = await asked.ended;
  return { to, code, said: asked.output.join('\n') } satisfies Transfer;
}

test('of a Lease that client-go holds: says so, and client-go leads on', async () => {
  const namespace = await createNamespace(access);
  const theirs = startClientGo(access, { namespace, lockName: 'job', identity: 'them' });
  await theirs.until('word', () => theirs.output.find((line) => line.includes('Controller loop')));
  const ours = startLeaderRun({
    kubeconfig: access.adminKubeconfig,
    lockName: 'job',
    flags: ['-n', namespace, '--id', 'us'],
  });
  await ours.until('wait', () => ours.output.find((line) => line.includes('Waiting for lease')));
  const before = await readLease(access, namespace, 'job');
  const { code, said } = await transfer(namespace, 'job', 'us', '--wait', '3s');
  expect(code).toBe(124);
  expect(said).toBe(
    `leader-run: Cannot transfer lease "${namespace}/job" within 3s: "them" did not step down, and is not a leader-run, which alone knows such a request`,
  );
  const after = await mustCallApi(access, 'GET', leasePath(namespace, 'job'));
  const { metadata, spec } = after as {
    metadata: { annotations?: object };
    spec: NonNullable<typeof before>['spec'];
  };
  expect(metadata.annotations ?? {}).toEqual({});
  expect({ ...spec, renewTime: '' }).toEqual({ ...before?.spec, renewTime: '' });
  // It renews each 5 s, over what was written beside its record.
  const renewTime = async () => (await readLease(access, namespace, 'job'))?.spec.renewTime;
  const last = await renewTime();
  while ((await renewTime()) === last) await new Promise((done) => setTimeout(done, 100));
  expect(ours.workerLines).toEqual([]);
  await theirs.stop();
  await ours.workerSays('start');
});

test('two at once, again and again: one wins, the other says who, no two commands run', async () => {
  const crowd = await Crowd.form(access, onTestFinished);
  const ids = ['a', 'b', 'c'] as const;
  for (const identity of ids) crowd.keep(1, { identity });
  for (let round = 0; round < rounds; round += 1) {
    const { holderIdentity: holder = '' } =
      (await crowd.leaseWhen((lease) => (lease?.spec.holderIdentity ?? '') !== ''))?.spec ?? {};
    const others = ids.filter((id) => id !== holder);
    const results = await Promise.all(others.map((to) => transfer(crowd.namespace, 'crowd', to)));
    const { holderIdentity: winner = '' } =
      (await crowd.leaseWhen((lease) => (lease?.spec.holderIdentity ?? '') !== ''))?.spec ?? {};
    const won = results.filter(({ code }) => code === 0);
    expect(won.length, JSON.stringify(results)).toBeGreaterThan(0);
    // Both, if one was done before the other began.
    expect(won.map(({ to }) => to)).toContain(winner);
    for (const { to, code, said } of results) {
      if (code === 0) expect(said).toMatch(new RegExp(`: "${to}" leads$`));
      else expect([code, said]).toEqual([1, expect.stringContaining(`to "${to}": "`)]);
    }
  }
  expect(crowd.terms.length).toBeGreaterThan(rounds);
  expect(crowd.verdict).toEqual(innocent);
});

test('to a candidate that there is not: another leads, and it says so', async () => {
  const crowd = await Crowd.form(access, onTestFinished);
  const first = crowd.start({ identity: 'a' });
  await first.workerSays('start');
  const second = crowd.start({ identity: 'b' });
  await crowd.standBy(second);
  const { code, said } = await transfer(crowd.namespace, 'crowd', 'nowhere');
  expect([code, said]).toEqual([1, expect.stringContaining('to "nowhere": "b" leads now')]);
  await second.workerSays('start');
  expect(crowd.verdict).toEqual(innocent);
});

test('a request for a term that is over is not obeyed by the leader after it', async () => {
  const crowd = await Crowd.form(access, onTestFinished);
  const first = crowd.start({ identity: 'a' });
  await first.workerSays('start');
  const { acquireTime = '' } = (await crowd.lease()) ?? {};
  const second = crowd.start({ identity: 'b' });
  await crowd.standBy(second);
  await first.stop();
  await second.workerSays('start');
  const third = crowd.start({ identity: 'a' });
  await crowd.standBy(third);
  const request = JSON.stringify({ to: 'a', term: `a@${acquireTime}`, by: 'test', at: '' });
  await crowd.byHand('PATCH', { metadata: { annotations: { 'leader-run/transfer': request } } });
  for (let renewals = 0; renewals < 3; renewals += 1) {
    const before = (await crowd.lease())?.renewTime;
    await crowd.leaseWhen((lease) => lease?.spec.renewTime !== before);
  }
  expect(await crowd.lease()).toMatchObject({ holderIdentity: 'b' });
  expect(third.workerLines).toEqual([]);
  expect((await transfer(crowd.namespace, 'crowd', 'a')).code).toBe(0);
  await third.workerSays('start');
  expect(crowd.verdict).toEqual(innocent);
});
