import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bootNowMs, realClock, toCentiseconds } from '../../src/process/clock.ts';

function uptimeMs(): number {
  return Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000;
}

test('is never ahead of /proc/uptime and at most one of its steps of 10 ms behind', () => {
  const untilMs = performance.now() + 200;
  while (performance.now() < untilMs) {
    const beforeMs = uptimeMs();
    const nowMs = bootNowMs();
    const afterMs = uptimeMs();
    expect(nowMs).toBeGreaterThanOrEqual(beforeMs - 0.1);
    expect(nowMs).toBeLessThan(afterMs + 10);
  }
});

test('does not run backwards', () => {
  let lastMs = bootNowMs();
  for (let round = 0; round < 5_000; round += 1) {
    const nowMs = bootNowMs();
    expect(nowMs).toBeGreaterThanOrEqual(lastMs);
    lastMs = nowMs;
  }
});

test('1/100 s are rounded down, so that no deadline comes late', () => {
  expect([0, 9.99, 10, 123_456.7].map(toCentiseconds)).toEqual([0, 0, 1, 12_345]);
});

describe('a timer that is due', () => {
  /** Both ends of a connection in this process. */
  async function connect(): Promise<[Socket, Socket]> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const near = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
    const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
      [Socket],
      unknown,
    ];
    onTestFinished(() => {
      near.destroy();
      far.destroy();
      server.close();
    });
    return [near, far];
  }

  /** Holds the event loop up until the timer is due and the bytes are there. */
  function stall(): void {
    const untilMs = performance.now() + 20;
    while (performance.now() < untilMs);
  }

  test('waits for what has arrived meanwhile', async () => {
    const [near, far] = await connect();
    const order: string[] = [];
    const data = once(near, 'data').then(() => order.push('data'));
    const timer = new Promise<void>((done) => {
      // In a turn of its own: timers that are due come first in one.
      setImmediate(() => {
        realClock.setTimer(1, () => {
          order.push('timer');
          done();
        });
        far.write('x');
        stall();
      });
    });
    await Promise.all([data, timer]);
    expect(order).toEqual(['data', 'timer']);
  });

  test('can be cancelled by it', async () => {
    const [near, far] = await connect();
    let fired = false;
    const heard = once(near, 'data');
    setImmediate(() => {
      const cancel = realClock.setTimer(1, () => (fired = true));
      near.once('data', cancel);
      far.write('x');
      stall();
    });
    await heard;
    await new Promise((done) => setTimeout(done, 5));
    expect(fired).toBe(false);
  });
});
