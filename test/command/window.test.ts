/** What happens when leader-run dies around the start of the command. */
import type { CommandEvent } from '../../src/election/event.ts';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf, isAlive, processesWith, until } from './fixtures/processes.ts';
import { type Rig, createRig } from './fixtures/rig.ts';
import { guardsOf } from './fixtures/guards.ts';
import { start, supervise } from './fixtures/supervise.ts';

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

test('the command that leader-run was too late for is not run, and that is said', async () => {
  const witness = join(rig.directory, 'late');
  const host = rig.start(['sh', '-c', `: >${witness}`]);
  await host.go({ notAfterMs: -1 });
  await host.heard('gone');
  expect(host.events.map(({ id }) => id)).toEqual(['ready', 'too-late', 'gone']);
  expect(existsSync(witness)).toBe(false);
});

test('nothing is scanned any more when the command is killed that leader-run was too late for', async () => {
  const pending = new Set<unknown>();
  const { setTimeout, clearTimeout } = globalThis;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation((callback: () => void, ms?: number) => {
    const run = (): void => {
      pending.delete(timer);
      callback();
    };
    const timer = setTimeout(run, ms);
    if (ms !== undefined && ms <= 100) pending.add(timer);
    const unref = timer.unref.bind(timer);
    timer.unref = () => {
      pending.delete(timer);
      return unref();
    };
    return timer;
  });
  vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    pending.delete(timer);
    clearTimeout(timer);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const onEvent = ({ id }: CommandEvent) => {
    if (id === 'too-late') supervisor.kill();
  };
  const { supervisor, events, gone } = supervise(['true'], { onEvent }, -1);
  await gone;
  expect(events.map(({ id }) => id)).toEqual(['ready', 'too-late', 'gone']);
  expect(pending).toEqual(new Set());
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

test('a signal that comes while a lost gate is being replaced reaches the command', async () => {
  const others = childrenOf(process.pid);
  const gatesOf = () => {
    const helpers = childrenOf(process.pid).filter((pid) => !others.includes(pid));
    return helpers.filter((pid) => !guardsOf(process.pid).includes(pid));
  };
  const { supervisor, events, heard, gone } = supervise(['sleep', '1000'], {}, null);
  await heard('ready');
  const [gate = 0] = gatesOf();
  process.kill(gate, 'SIGKILL');
  // The next one says a word in a turn after the one that forks it, at the earliest.
  while (gatesOf().every((pid) => pid === gate)) await new Promise((done) => setImmediate(done));
  start(supervisor);
  supervisor.signal('SIGTERM');
  await gone;
  expect(events.find(({ id }) => id === 'ended')).toEqual({
    id: 'ended',
    ending: { id: 'signalled', signal: 'SIGTERM' },
  });
});

test('dismissal before "go" ends gate and guard', async () => {
  const host = rig.start(['true']);
  await host.heard('ready');
  const helpers = childrenOf(host.pid);
  host.tell({ call: 'cancel' });
  await host.heard('gone');
  await until('gate and guard have ended', () => !helpers.some(isAlive));
  expect(host.events.map(({ id }) => id)).toEqual(['ready', 'gone']);
});

test('the tree is dead when leader-run exits without having ended it', async () => {
  const mark = rig.createMark();
  const host = rig.start(['sh', '-c', `trap '' TERM; sleep ${mark} & wait`]);
  await host.go();
  await until('it runs', () => processesWith(mark).length === 2);
  host.tell({ call: 'exit' });
  await until('nothing is left', () => processesWith(mark).length === 0);
});
