/** `--on-lost rejoin`: the guard of a term that is over, and what is prepared for the next one. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, createRig } from './fixtures/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

test('the gate of the next term outlives the deadline of the former one', async () => {
  const command = ['sh', '-c', 'echo "runs as $$"; exec sleep "$0"', rig.createMark()];
  const host = rig.start(command, { preparesAgain: true });
  await host.go({ killAfterMs: 1_000 });
  await host.printed(/runs as/);
  host.tell({ call: 'kill' });
  const { pid } = await host.heard('gate');
  const [, second] = await host.printed(/runs as \d+\nruns as (\d+)/);
  expect(Number(second)).toBe(pid);
});
