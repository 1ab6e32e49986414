/** An API server that comes and goes: 3 s away, 3 s there. FLAP_MINUTES=10 is the long run. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Proxy } from '../fixtures/proxy.ts';
import { type Footprint, follow, footprintOf } from './footprint.ts';
import { kubeconfigFor, readLease, sandbox, start } from './rig.ts';

const flapMs = 3_000;
const flaps = Math.max(
  3,
  Math.round((Number(process.env['FLAP_MINUTES'] ?? 0) * 60_000) / (2 * flapMs)),
);
/** Until caches, code and heap have their size. */
const warmUpFlaps = Math.min(10, Math.floor(flaps / 2));

/** In the odd ones the connections break, too. */
function takeAway(proxy: Proxy, flap: number): void {
  proxy.freeze();
  if (flap % 2 === 1) proxy.reset();
}

const timings = [
  {
    name: 'shorter than its deadline: it leads on',
    flags: [],
    // The failures, and that it was renewed again.
    mostLines: 3,
  },
  {
    name: 'longer than its deadline: it loses, and leads again',
    flags: ['--lease-duration', '4s', '--renew-deadline', '2s', '--retry-period', '1s'],
    mostLines: 8,
  },
];

describe(`--on-lost rejoin, ${flaps} times without the API server for 3 s`, () => {
  it.each(timings)(
    '$name',
    { timeout: 60_000 + flaps * 2 * flapMs },
    async ({ flags, mostLines }) => {
      const server = await sandbox();
      const proxy = await Proxy.start(server.url);
      onTestFinished(() => proxy.close());
      const leader = start(kubeconfigFor(`http://127.0.0.1:${proxy.port}/${server.token}`), [
        ...['--lock-name', 'job', '--on-lost', 'rejoin', ...flags],
        ...['--', 'sh', '-c', 'echo runs; exec sleep 100000'],
      ]);
      await follow(leader.stdout)('runs');
      let lines = 0;
      leader.stderr.on(
        'data',
        (chunk: Buffer) => (lines += chunk.toString().split('\n').length - 1),
      );
      const footprints: Footprint[] = [];
      for (let flap = 0; flap < flaps; flap += 1) {
        takeAway(proxy, flap);
        await delay(flapMs);
        proxy.thaw();
        await delay(flapMs);
        footprints.push(footprintOf(leader));
      }
      const before = footprints[warmUpFlaps] ?? footprintOf(leader);
      const after = footprintOf(leader);
      console.log(
        `${flaps} flaps: ${lines} lines, ${JSON.stringify(before)} to ${JSON.stringify(after)}`,
      );
      expect(lines).toBeLessThanOrEqual(flaps * mostLines);
      // At one of the two moments a request may be under way, or a gate and a guard in the making.
      const spread = (of: (each: Footprint) => number) =>
        Math.max(...footprints.map(of)) - Math.min(...footprints.map(of));
      expect(spread(({ threads }) => threads)).toBeLessThanOrEqual(1);
      expect(spread(({ descriptors }) => descriptors)).toBeLessThanOrEqual(6);
      expect(spread(({ children }) => children)).toBeLessThanOrEqual(2);
      leader.kill('SIGTERM');
      expect((await leader).exitCode).toBe(143);
      expect((await readLease(server, 'job'))?.spec.holderIdentity).toBe('');
    },
  );
});
