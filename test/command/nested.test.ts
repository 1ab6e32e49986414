/** A leader-run inside a leader-run. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { join } from 'node:path';
import { processesWith, until } from './fixtures/processes.ts';
import { type Rig, createRig } from './fixtures/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

/** An inner host that starts its command by itself, because there is no leader-run to tell it. */
function innerCommand(mark: string): string[] {
  const env = `HOST_OPTIONS={"startsAlone":true}`;
  const command = ['sh', '-c', `trap '' TERM; setsid sleep ${mark} & sleep ${mark} & wait`];
  return ['env', env, process.execPath, join(rig.directory, 'host.mjs'), ...command];
}

test('SIGKILL of the inner one leaves nothing of its tree, and is the ending that the outer one tells', async () => {
  const mark = rig.createMark();
  const host = rig.start(innerCommand(mark));
  await host.go();
  const { pid } = await host.heard('started');
  await until('the inner tree has grown', () => processesWith(mark).length === 3);
  process.kill(pid, 'SIGKILL');
  const ended = await host.heard('ended');
  expect(ended.ending).toEqual({ id: 'signalled', signal: 'SIGKILL' });
  await host.heard('gone');
  expect(processesWith(mark)).toEqual([]);
});
