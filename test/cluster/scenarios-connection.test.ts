import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, inject, it, type TestContext } from 'vitest';
import { Proxy } from '../fixtures/proxy.ts';
import { Crowd, innocent } from './crowd.ts';

const cluster = inject('cluster');
const lost = { code: 75, signal: null };
const succeeded = { code: 0, signal: null };

describe.concurrent('candidates behind bad connections', () => {
  it('G1: every connection reset each second for a minute: the same command runs on, and then another takes over', async ({
    onTestFinished,
  }) => {
    const proxy = await proxyFor(onTestFinished);
    const steady = await Crowd.form(cluster, onTestFinished, []);
    const hasty = await Crowd.form(cluster, onTestFinished);
    for (const crowd of [steady, hasty])
      crowd.keep(2, { kubeconfig: await crowd.kubeconfigFor(addressOf(proxy)) });
    const leader = await steady.leader();
    await hasty.leader();

    for (let second = 0; second < 60; second += 1) {
      proxy.reset();
      await delay(1_000);
    }
    const survivor = await steady.leader();
    expect(survivor.pid, leader.output.join('\n')).toBe(leader.pid);
    steady.stopKeeping();
    expect(await leader.stop()).toEqual(succeeded);
    await steady.leader();
    await hasty.leader();
    expect(proxy.counts.connections).toBeGreaterThan(2 * 60);
    expect(hasty.losses.filter(({ code }) => code !== lost.code)).toEqual([]);
    expect(steady.verdict).toEqual(innocent);
    expect(hasty.verdict).toEqual(innocent);
  });

  it('G1: one leader frozen one way, the next the other way: each loses its lease to the other, 6s/3s/1s', async ({
    onTestFinished,
  }) => {
    const crowd = await Crowd.form(cluster, onTestFinished);
    const [left, right] = [await proxyFor(onTestFinished), await proxyFor(onTestFinished)];
    const viaLeft = await crowd.kubeconfigFor(addressOf(left));
    const viaRight = await crowd.kubeconfigFor(addressOf(right));
    const workerFlags = ['--ignore-signals'];

    const first = crowd.start({ kubeconfig: viaLeft, workerFlags });
    await first.workerSays('start');
    const second = crowd.start({ kubeconfig: viaRight, workerFlags });
    await crowd.standBy(second);
    left.freeze('to-client');
    await second.workerSays('start');
    expect(await first.ended).toEqual(lost);

    left.thaw();
    const third = crowd.start({ kubeconfig: viaLeft });
    await crowd.standBy(third);
    right.freeze('to-server');
    await third.workerSays('start');
    expect(await second.ended).toEqual(lost);
    expect(await third.stop()).toEqual(succeeded);
    expect(crowd.terms).toHaveLength(3);
    expect(crowd.verdict).toEqual(innocent);
  });
});

async function proxyFor(atEnd: TestContext['onTestFinished']): Promise<Proxy> {
  const proxy = await Proxy.start(cluster.url);
  atEnd(() => proxy.close());
  return proxy;
}

function addressOf(proxy: Proxy): string {
  return `https://127.0.0.1:${proxy.port}`;
}
