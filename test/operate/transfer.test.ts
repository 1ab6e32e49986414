/** `leader-run transfer` against one Lease in memory, to which others write at the worst moments. */
import { expect, test } from 'vitest';
import type { Answer, LeaseRequest, RawLease, WatchEvent } from '../../src/election/lease.ts';
import { annotationOf, termOf, withAnnotations } from '../../src/election/record.ts';
import { nextAnnotation, transferAnnotation } from '../../src/election/transfer.ts';
import { transferLease } from '../../src/operate/transfer.ts';
import { type LeaseStore, emptyStore, put, serve } from '../election/lease-store.ts';

const acquireTime = '2026-01-01T12:00:00.123456Z';

function leaseOf(holder: string, seconds = 0): RawLease {
  const time = acquireTime.replace('00.', `${String(seconds).padStart(2, '0')}.`);
  const annotations = holder === '' ? {} : { 'leader-run/term': termOf(holder, time) };
  return {
    metadata: { name: 'job', annotations },
    spec: { holderIdentity: holder, leaseDurationSeconds: 15, acquireTime: time },
  };
}

/** The Lease, and what happens after each request of a transfer has been served. */
class World {
  store: LeaseStore = put(emptyStore, leaseOf('first'));
  readonly sent: string[] = [];
  #tell: (event: WatchEvent) => void = () => undefined;
  /** Takes away the answer of what was served, or does something in between. */
  after: (request: LeaseRequest, answer: Answer) => Answer = (_, answer) => answer;
  /** Where the end of the time has to come at one place, whatever the machine does. */
  isOver: (() => boolean) | null = null;

  transfer(to: string | null, waitMs = 60_000) {
    return transferLease(
      { to, by: 'ann@laptop', waitMs },
      {
        api: {
          send: (request) => {
            this.sent.push(request.id);
            const served = serve(this.store, request, 0);
            this.store = served.store;
            const answer = this.after(request, served.answer);
            return { answer: Promise.resolve(answer), abandon: () => undefined };
          },
          watch: (_version, _silenceMs, onEvent) => {
            this.#tell = onEvent;
            return { close: () => undefined };
          },
          close: () => undefined,
        },
        wallMs: () => Date.UTC(2026, 0, 1, 12),
        nowMs: () => (this.isOver === null ? performance.now() : this.isOver() ? 1e6 : 0),
        attemptTimeoutMs: 1_000,
        takeBackMs: 50,
      },
    );
  }

  write(lease: RawLease): void {
    this.store = put(this.store, lease);
    this.#tell({ id: 'changed', lease: this.lease });
  }

  get lease(): RawLease {
    return this.store.lease ?? {};
  }

  get asked(): unknown {
    return annotationOf(this.lease, transferAnnotation);
  }
}

const timeout: Answer = { id: 'failed', failure: { reason: 'timeout', afterMs: 1_000 } };

/** The leader obeys, and another takes the lease. */
function handOver(world: World, to: string, seconds = 1): void {
  world.write(withAnnotations(leaseOf(''), { [nextAnnotation]: '{}' }));
  world.write(leaseOf(to, seconds));
}

test('the request is taken back when the time is over, though the leader renews in between', async () => {
  const world = new World();
  let renewals = 0;
  world.after = (request, answer) => {
    // Several looks at the request are outdated at once.
    if (request.id === 'get' && world.asked !== undefined && renewals++ < 5)
      world.write(world.lease);
    return answer;
  };
  const result = await world.transfer('second', 50);
  expect(result).toEqual({
    id: 'timeout',
    holder: 'first',
    isReleased: false,
    isLeaderRun: true,
    isLeft: false,
  });
  expect(renewals).toBeGreaterThan(5);
  expect(world.asked).toBeUndefined();
});

test('what another has asked meanwhile is not taken back', async () => {
  const world = new World();
  world.after = (request, answer) => {
    if (request.id === 'update' && world.sent.filter((id) => id === 'update').length === 1)
      world.write(withAnnotations(world.lease, { [transferAnnotation]: 'of another' }));
    return answer;
  };
  expect(await world.transfer('second', 50)).toMatchObject({ id: 'timeout' });
  expect(world.asked).toBe('of another');
});

test('a request whose answer never came may have landed: the leader after is not asked to go, too', async () => {
  const world = new World();
  world.after = (request, answer) => {
    if (request.id !== 'update') return answer;
    handOver(world, 'second');
    return timeout;
  };
  expect(await world.transfer(null)).toEqual({ id: 'transferred', holder: 'second' });
  expect(world.sent.filter((id) => id === 'update')).toHaveLength(1);
});

test('a request that was lost on its way is written again', async () => {
  const world = new World();
  const { store } = world;
  world.after = (request, answer) => {
    if (request.id !== 'update') return answer;
    if (world.sent.filter((id) => id === 'update').length > 1) handOver(world, 'second');
    else {
      world.store = store;
      return timeout;
    }
    return answer;
  };
  expect(await world.transfer('second')).toEqual({ id: 'transferred', holder: 'second' });
});

test('a leader that nobody relieves leads again: that is not a transfer', async () => {
  const world = new World();
  world.after = (request, answer) => {
    if (request.id === 'update') handOver(world, 'first');
    return answer;
  };
  expect(await world.transfer(null)).toEqual({ id: 'other', holder: 'first' });
});

test('another leads when the request arrives: it is asked in its own term', async () => {
  const world = new World();
  const terms: string[] = [];
  world.after = (request, answer) => {
    if (request.id === 'get' && world.sent.length === 1) world.write(leaseOf('second', 1));
    if (request.id === 'update' && answer.id === 'lease') {
      terms.push((JSON.parse(String(world.asked)) as { term: string }).term);
      handOver(world, 'third', 2);
    }
    return answer;
  };
  expect(await world.transfer('third')).toEqual({ id: 'transferred', holder: 'third' });
  expect(terms).toEqual(['second@2026-01-01T12:00:01.123456Z']);
});

test('a lease that is being handed over is asked for when it is held again', async () => {
  const world = new World();
  world.write(leaseOf(''));
  world.after = (request, answer) => {
    if (request.id === 'get' && world.sent.length === 1) world.write(leaseOf('second', 1));
    if (request.id === 'update') handOver(world, 'third', 2);
    return answer;
  };
  expect(await world.transfer('third')).toEqual({ id: 'transferred', holder: 'third' });
});

test('who leads when the time is over is not asked any more', async () => {
  const world = new World();
  world.write(leaseOf(''));
  world.after = (request, answer) => {
    if (request.id === 'get') world.write(leaseOf('second', 1));
    return answer;
  };
  // As when a timer is a little early: the clock never shows the end.
  world.isOver = () => false;
  expect(await world.transfer('third', 50)).toEqual({ id: 'no-holder' });
  expect(world.sent).toEqual(['get']);
});

test('a lease that stays free cannot be transferred', async () => {
  const world = new World();
  world.write(leaseOf(''));
  expect(await world.transfer('second')).toEqual({ id: 'no-holder' });
});

test('a request whose answer got lost is taken back when there is no time left', async () => {
  const world = new World();
  const lost: Answer = { id: 'failed', failure: { reason: 'timeout', afterMs: 1_000 } };
  let updates = 0;
  world.after = (request, answer) => {
    if (request.id !== 'update') return answer;
    updates += 1;
    return updates === 1 ? lost : answer;
  };
  expect(await world.transfer('second', 0)).toEqual({ ...lost, isLeft: false });
  expect(updates).toBe(2);
  expect(world.asked).toBeUndefined();
});

test('a request whose answer got lost is taken back when the next one fails for good', async () => {
  const world = new World();
  const late = timeout;
  const forbidden: Answer = { id: 'failed', failure: { reason: 'forbidden', message: 'no' } };
  let updates = 0;
  let stored: RawLease | null = null;
  world.after = (request, answer) => {
    if (request.id !== 'update') return answer;
    updates += 1;
    if (updates === 1) {
      // It arrives later.
      stored = world.lease;
      world.store = put(world.store, leaseOf('first'));
      return late;
    }
    if (updates === 2 && stored !== null) world.store = put(world.store, stored);
    return updates === 2 ? forbidden : answer;
  };
  expect(await world.transfer('second')).toEqual({ ...forbidden, isLeft: false });
  expect([updates, world.asked]).toEqual([3, undefined]);
});

test('where each write is refused as late, it waits between the attempts', async () => {
  const world = new World();
  world.after = (request, answer) => (request.id === 'update' ? { id: 'conflict' } : answer);
  expect(await world.transfer('second', 400)).toMatchObject({ id: 'timeout' });
  // After 0, 50, 150, 350 and 750 ms.
  expect(world.sent.length).toBeLessThanOrEqual(10);
});

test('a forbidden request is a failure at once', async () => {
  const world = new World();
  const forbidden: Answer = { id: 'failed', failure: { reason: 'forbidden', message: 'no' } };
  world.after = (request, answer) => (request.id === 'update' ? forbidden : answer);
  expect(await world.transfer('second')).toEqual({ ...forbidden, isLeft: false });
});

const busy: Answer = {
  id: 'failed',
  failure: { reason: 'status', status: 504, message: '', retryAfterMs: null },
};

test('a request that was answered 5xx may be stored: its leader obeys, and that is a transfer', async () => {
  const world = new World();
  world.after = (request, answer) => {
    if (request.id !== 'update') return answer;
    handOver(world, 'second');
    return busy;
  };
  expect(await world.transfer('second')).toEqual({ id: 'transferred', holder: 'second' });
});

test('a request that was answered 5xx and stored is taken back when the time is over', async () => {
  const world = new World();
  const updates = () => world.sent.filter((id) => id === 'update').length;
  world.after = (request, answer) => (request.id === 'update' && updates() === 1 ? busy : answer);
  // From the second look on.
  world.isOver = () => world.sent.length > 2;
  expect(await world.transfer('second', 50)).toMatchObject({ id: 'timeout', isLeft: false });
  expect(world.asked).toBeUndefined();
});

test('a server that answers 5xx from the request on: that is said, and that the request may be left', async () => {
  const world = new World();
  world.after = (_, answer) => (world.sent.includes('update') ? busy : answer);
  expect(await world.transfer('second', 50)).toEqual({ ...busy, isLeft: true });
  expect(world.asked).toBeDefined();
});

test('a server that is away while it waits is not taken for a leader that stays', async () => {
  const world = new World();
  let hasAsked = false;
  world.after = (request, answer) => {
    if (hasAsked) return timeout;
    hasAsked = request.id === 'update';
    return answer;
  };
  // From the first look after the request on.
  world.isOver = () => world.sent.length > 2;
  expect(await world.transfer('second', 50)).toEqual({ ...timeout, isLeft: true });
});
