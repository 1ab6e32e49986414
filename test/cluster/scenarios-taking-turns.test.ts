import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { Crowd, hastyLeaseDurationMs, innocent } from './crowd.ts';

const cluster = inject('cluster');
const succeeded = { code: 0, signal: null };
const endedOnStandby = { code: 143, signal: null };

describe.concurrent('candidates that come and go', () => {
  it.for([1, 2, 5])(
    'G1: of %i candidates one leads at a time, and each leads once the others are stopped',
    async (count, { onTestFinished }) => {
      const crowd = await Crowd.form(cluster, onTestFinished);
      const waiting = new Set(Array.from({ length: count }, () => crowd.start()));
      while (waiting.size > 0) {
        const leader = await crowd.leader();
        waiting.delete(leader);
        await crowd.standBy(...waiting);
        expect(await leader.stop()).toEqual(succeeded);
      }

      expect(crowd.verdict).toEqual(innocent);
      expect(crowd.terms).toHaveLength(count);
      const lease = await crowd.lease();
      expect(lease).toMatchObject({ holderIdentity: '', leaseTransitions: count - 1 });
    },
  );

  it('G1: all restarted at once, by SIGTERM and by SIGKILL', async ({ onTestFinished }) => {
    const crowd = await Crowd.form(cluster, onTestFinished);
    const first = [crowd.start(), crowd.start(), crowd.start()];
    const leader = await crowd.leader();
    await crowd.standBy(...first.filter((candidate) => candidate !== leader));

    for (const candidate of first) candidate.kill('SIGTERM');
    const second = [crowd.start(), crowd.start(), crowd.start()];
    const ends = await Promise.all(first.map(({ ended }) => ended));
    // A standby that took over before its SIGTERM came ended as a leader.
    expect(ends.filter(({ code }) => code !== 0 && code !== 143)).toEqual([]);
    const next = await crowd.leader();
    await crowd.standBy(...second.filter((candidate) => candidate !== next));

    for (const candidate of second) candidate.kill('SIGKILL');
    await Promise.all(second.map(({ ended }) => ended));
    const killed = await crowd.lease();
    const third = [crowd.start(), crowd.start(), crowd.start()];
    const last = await crowd.leader();
    const { atMs } = await last.workerSays('start');
    expect(atMs - Date.parse(killed?.renewTime ?? '')).toBeGreaterThan(hastyLeaseDurationMs);
    await crowd.standBy(...third.filter((candidate) => candidate !== last));
    expect(crowd.verdict).toEqual(innocent);
  });

  it('G1: candidates with the same --id take turns like any others', async ({ onTestFinished }) => {
    const crowd = await Crowd.form(cluster, onTestFinished);
    const twins = [crowd.start({ identity: 'twin' }), crowd.start({ identity: 'twin' })];
    const leader = await crowd.leader();
    await crowd.standBy(...twins.filter((candidate) => candidate !== leader));
    expect(await leader.stop()).toEqual(succeeded);

    const successor = await crowd.leader();
    await crowd.standBy(crowd.start({ identity: 'twin' }));
    successor.kill('SIGKILL');
    await successor.ended;
    const killed = await crowd.lease();
    const last = await crowd.leader();
    const { atMs } = await last.workerSays('start');
    expect(atMs - Date.parse(killed?.renewTime ?? '')).toBeGreaterThan(hastyLeaseDurationMs);
    expect(await last.stop()).toEqual(succeeded);
    expect(crowd.verdict).toEqual(innocent);
    expect(crowd.terms).toHaveLength(3);
  });
});

describe('a rush', () => {
  it('G1: of 20 candidates that start within a second one leads, and when it is stopped one other', async ({
    onTestFinished,
  }) => {
    const crowd = await Crowd.form(cluster, onTestFinished, []);
    for (let index = 0; index < 20; index += 1) {
      crowd.start();
      await delay(45);
    }
    const leader = await crowd.leader();
    const others = crowd.ours.filter((candidate) => candidate !== leader);
    await crowd.standBy(...others);
    expect(await leader.stop()).toEqual(succeeded);
    const next = await crowd.leader();
    const idle = others.filter((candidate) => candidate !== next);
    const ends = await Promise.all(idle.map((candidate) => candidate.stop()));
    expect(ends).toEqual(idle.map(() => endedOnStandby));
    expect(await next.stop()).toEqual(succeeded);

    expect(crowd.terms).toHaveLength(2);
    expect(crowd.verdict).toEqual(innocent);
  });
});
