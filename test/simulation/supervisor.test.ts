/** The simulated supervisor says what the shipped one would, in its order. */
import { expect, test } from 'vitest';
import type { CommandEvent } from '../../src/election/event.ts';
import { calmAmbience } from './ambience.ts';
import type { Behaviour } from './behaviour.ts';
import { Machine } from './machine.ts';
import { SimulatedProcess } from './process.ts';
import { SimulatedSupervisor } from './supervisor.ts';
import { World } from './world.ts';

const serves: Behaviour = {
  endsAfterMs: null,
  exitCode: 0,
  endsAfterTermMs: 1,
  unkillableMs: 0,
  hasOwnGroup: true,
  family: [],
};

const nothing = () => undefined;

/** Which of these worlds cannot replace a guard is left to chance. */
function worldWithoutGuards(): World {
  const world = new World('supervisor', false);
  world.random.chance = () => false;
  return world;
}

test('A guard that dies while leader-run is held up right before "go" leaves a command unguarded, and not unstarted', async () => {
  const world = worldWithoutGuards();
  const machine = new Machine(world, 'm', { rate: 1, wallAheadMs: 0 });
  const process = new SimulatedProcess('m.1', machine, world, calmAmbience());
  const heard: string[] = [];
  const observer = {
    onStart: nothing,
    onAlive: () => heard.push('the command runs'),
    onDead: nothing,
    onKilled: nothing,
    onStopSignal: nothing,
  };
  const onEvent = ({ id }: CommandEvent) => {
    heard.push(id);
    if (id !== 'ready') return;
    process.holdUpNext(100);
    const notAfterMs = process.bootMs() + 1_000;
    supervisor.start({ environment: {}, notAfterMs, killAtMs: notAfterMs + 1_000 });
    world.after(50, () => supervisor.loseGuard());
  };
  const supervisor = new SimulatedSupervisor(process, calmAmbience(), serves, observer, onEvent);
  process.post(() => supervisor.prepare());

  await world.runUntil(500, () => undefined);

  expect(heard).toEqual(['ready', 'unguarded', 'started', 'the command runs']);
});
