/** The simulated process does what a Node process would, in its order. */
import { expect, test } from 'vitest';
import { calmAmbience } from './ambience.ts';
import { Machine } from './machine.ts';
import { SimulatedProcess } from './process.ts';
import { World } from './world.ts';

test('A turn that is held up does all its deeds before the next turn', async () => {
  const world = new World('held up', false);
  const machine = new Machine(world, 'm', { rate: 1, wallAheadMs: 0 });
  const process = new SimulatedProcess('m.1', machine, world, calmAmbience());
  const done: string[] = [];
  const deed = (what: string) => () => void done.push(`${what} at ${world.nowMs}`);
  world.after(0, () => {
    process.holdUpNext(100);
    process.post(() => {
      process.act(deed('first deed'));
      process.act(deed('second deed'));
    });
  });
  world.after(50, () => process.post(deed('next turn')));

  await world.runUntil(1_000, () => undefined);

  expect(done).toEqual(['first deed at 100', 'second deed at 100', 'next turn at 100']);
});
