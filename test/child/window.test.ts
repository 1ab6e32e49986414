/** What happens when leader-run dies around the start of the command. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childrenOf, isAlive, processesWith, until } from './fixtures/processes.ts';
import { type Rig, createRig } from './fixtures/rig.ts';
import { guardsOf } from './fixtures/guards.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

test('G2: nothing of the command runs when leader-run is killed before "go"', async () => {
  const witness = join(rig.directory, 'ran');
  const host = rig.start(['sh', '-c', `: >${witness}`]);
  await host.heard('ready');
  const helpers = childrenOf(host.pid);
  expect(helpers).toHaveLength(2);
  host.signal('SIGKILL');
  await until('gate and guard have ended', () => !helpers.some(isAlive));
  expect(existsSync(witness)).toBe(false);
});

test('G2: 50 kills of leader-run between its start and the first moments of the command leave nothing', async () => {
  for (let round = 0; round < 50; round += 1) {
    const mark = rig.createMark();
    const host = rig.start(['sh', '-c', `sleep ${mark} & setsid sleep ${mark} & wait`]);
    const started = host.go().then(
      () => true,
      () => false,
    );
    // Half of them anywhere from the start on, the others close to "go".
    if (round % 2 === 0) await delay(Math.random() * 300);
    else await started.then(() => delay(Math.random() * 10));
    host.signal('SIGKILL');
    await host.end();
    await until('nothing is left', () => processesWith(mark).length === 0);
  }
});

test('the command that leader-run was too late for is not run, and that is said', async () => {
  const witness = join(rig.directory, 'late');
  const host = rig.start(['sh', '-c', `: >${witness}`]);
  await host.go({ notAfterMs: -1 });
  await host.heard('gone');
  expect(host.news.map(({ id }) => id)).toEqual(['ready', 'refused', 'gone']);
  expect(existsSync(witness)).toBe(false);
});

test('a gate that is killed while it waits is replaced', async () => {
  const host = rig.start(['true']);
  await host.heard('ready');
  const gatesOf = () => childrenOf(host.pid).filter((pid) => !guardsOf(host.pid).includes(pid));
  const [gate = 0] = gatesOf();
  process.kill(gate, 'SIGKILL');
  await until('there is another gate', () => gatesOf().some((pid) => pid !== gate));
  await host.go();
  expect(await host.heard('ended')).toMatchObject({ ending: { id: 'exited', code: 0 } });
  await host.heard('gone');
});

test('dismissal before "go" ends gate and guard', async () => {
  const host = rig.start(['true']);
  await host.heard('ready');
  const helpers = childrenOf(host.pid);
  host.tell({ call: 'dismiss' });
  await host.heard('gone');
  await until('gate and guard have ended', () => !helpers.some(isAlive));
  expect(host.news.map(({ id }) => id)).toEqual(['ready', 'gone']);
});

test('the tree is dead when leader-run exits without having ended it', async () => {
  const mark = rig.createMark();
  const host = rig.start(['sh', '-c', `trap '' TERM; sleep ${mark} & wait`]);
  await host.go();
  await until('it runs', () => processesWith(mark).length === 2);
  host.tell({ call: 'exit' });
  await until('nothing is left', () => processesWith(mark).length === 0);
});
