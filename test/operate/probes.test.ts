/** What `--http` answers in each state of a driver whose clock the test holds. */
import { expect, test } from 'vitest';
import { nextDeadlineMs } from '../../src/election/step.ts';
import { Probes } from '../../src/operate/probes.ts';
import { put } from '../election/lease-store.ts';
import { Rig, settled } from '../run/rig.ts';

interface Health {
  problem: () => Promise<string | null>;
}

function rig(health: Health | null = null) {
  const probes = new Probes({
    lock: 'space/lock',
    bootMs: () => driver.bootMs,
    nextDeadlineMs,
    health: health as never,
    metrics: () => Promise.resolve({ type: 'text/plain', text: 'none\n' }),
  });
  const driver = new Rig({}, (state, at) => probes.onState(state, at));
  const ask = async (path: string) => {
    const [name = '', query] = path.split('?');
    const reply = await probes.answer(name, new URLSearchParams(query));
    return reply === null ? null : `${reply.status} ${reply.body.trim()}`;
  };
  const all = async () => Promise.all(['/livez', '/readyz', '/readyz?leader'].map(ask));
  return { driver, ask, all };
}

/** Leads, and its command runs. */
async function leading(health: Health | null = null) {
  const made = rig(health);
  await made.driver.lead();
  made.driver.report({ id: 'started', pid: 7 });
  return made;
}

const notReady = (why: string) => `503 [-]lease failed: ${why}\nreadyz check failed`;

test('before the Lease was read: alive, not ready', async () => {
  const { driver, all, ask } = rig();
  driver.pass(0);
  expect(await all()).toEqual([
    '200 ok',
    notReady('not read yet'),
    '503 [-]lease failed: not read yet\n[-]leader failed: another one leads\nreadyz check failed',
  ]);
  expect(await ask('/')).toBe('200 {"name":"","last_update":null}');
});

test('a standby is alive and ready, and does not lead', async () => {
  const { driver, ask, all } = rig();
  driver.store = put(driver.store, {
    kind: 'Lease',
    spec: {
      holderIdentity: 'other',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T11:00:00.000000Z',
      renewTime: '2026-01-01T12:00:00.000000Z',
    },
  });
  driver.pass(0);
  await driver.answer();
  expect(await all()).toEqual([
    '200 ok',
    '200 ok',
    '503 [+]lease ok\n[-]leader failed: another one leads\nreadyz check failed',
  ]);
  expect(await ask('/')).toBe('200 {"name":"other","last_update":"2026-01-01T12:00:00.000000Z"}');
  expect(await ask('/leader')).toBe(
    '503 {"leader":false,"name":"other","lock":"space/lock","since":"2026-01-01T11:00:00.000000Z","fencingToken":null,"validForSeconds":0}',
  );
});

test('an API server that is away makes no one unhealthy', async () => {
  const { driver, all } = rig();
  driver.pass(0);
  await driver.answer();
  await driver.answer({ id: 'failed', failure: { reason: 'timeout', afterMs: 1 } });
  driver.pass(3_600_000);
  expect((await all()).slice(0, 2)).toEqual(['200 ok', '200 ok']);
});

test('a leader is alive and ready, and says for how long it is one', async () => {
  const { driver, ask, all } = await leading();
  expect(await all()).toEqual(['200 ok', '200 ok', '200 ok']);
  driver.pass(1_000);
  const leader = (await ask('/leader'))?.slice(4) ?? '';
  expect(JSON.parse(leader)).toMatchObject({
    leader: true,
    lock: 'space/lock',
    fencingToken: '1',
    validForSeconds: 9,
  });
  expect(await ask('/readyz?verbose')).toBe('200 [+]lease ok\nreadyz check passed');
  expect(await ask('/livez/leaderElection')).toBe('200 ok');
  expect(await ask('/healthz/other')).toBeNull();
  expect(await ask('/nothing')).toBeNull();
});

test('past its renew deadline it does not lead, although no turn has said so yet', async () => {
  const { driver, ask, all } = await leading();
  driver.stall(10_000);
  expect(await all()).toEqual([
    '200 ok',
    notReady('the renew deadline has passed'),
    expect.stringContaining('[-]leader failed'),
  ]);
  expect(await ask('/leader')).toMatch(/^503 .*"leader":false.*"validForSeconds":0/);
});

test('a second past the deadline of the command it is not alive', async () => {
  const { driver, ask } = await leading();
  driver.pass(10_000);
  driver.stall(3_850 + 1_000);
  expect(await ask('/livez')).toBe('200 ok');
  driver.stall(1);
  expect(await ask('/livez')).toMatch(
    /^500 \[-\]leaderElection failed: the command runs 1\.0s past its deadline\nlivez check failed$/,
  );
});

test('a driver that took no step for R while one was due is not alive', async () => {
  const { driver, ask } = rig();
  driver.pass(0);
  // The request that is under way is due to be given up after (R-P)/3.
  driver.stall(2_666 + 10_000);
  expect(await ask('/healthz')).toBe('200 ok');
  driver.stall(10);
  expect(await ask('/healthz')).toMatch(/^500 \[-\]leaderElection failed: no step for 12\.7s, /);
});

test('once the stop began it is alive and not ready', async () => {
  const { driver, all } = await leading();
  driver.signal('SIGTERM');
  await settled();
  expect((await all()).slice(0, 2)).toEqual(['200 ok', notReady('stopping')]);
  driver.report({ id: 'ended', ending: { id: 'exited', code: 0 } });
  driver.report({ id: 'gone' });
  expect((await all()).slice(0, 2)).toEqual(['200 ok', notReady('stopping')]);
});

test('a command that is not well: neither alive nor ready', async () => {
  const { ask } = await leading({ problem: () => Promise.resolve('answered 500') });
  expect(await ask('/livez?verbose')).toBe(
    '500 [+]leaderElection ok\n[-]command failed: answered 500\nlivez check failed',
  );
  expect(await ask('/readyz')).toBe(
    '503 [+]lease ok\n[-]command failed: answered 500\nreadyz check failed',
  );
});
