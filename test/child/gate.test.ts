/** The gate when something goes wrong with it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { childrenOf } from './fixtures/processes.ts';
import { type Host, type Rig, createRig } from './fixtures/rig.ts';
import { guardsOf } from './fixtures/guards.ts';
import { createGate } from '../../src/child/gate.ts';
import { busyFile } from './fixtures/shells.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

function theGateOf(host: Host): number {
  const guards = guardsOf(host.pid);
  const [gate, ...others] = childrenOf(host.pid).filter((pid) => !guards.includes(pid));
  expect(others).toEqual([]);
  return gate ?? expect.unreachable('no gate');
}

test('a gate that is killed before it has read its "go" is seen to be gone', async () => {
  const host = rig.start(['true']);
  await host.heard('ready');
  process.kill(theGateOf(host), 'SIGSTOP');
  await host.go();
  host.tell({ call: 'kill' });
  expect(await host.heard('ended')).toMatchObject({
    ending: { id: 'signalled', signal: 'SIGKILL' },
  });
  await host.heard('gone');
});

test('a gate that Node throws at instead of starting it has failed', async () => {
  const failed = new Promise((resolve) => {
    const fail = () => expect.unreachable('it works');
    const events = {
      ...{ onWaiting: fail, onLost: fail, onStarted: fail, onRefused: fail },
      ...{ onEnded: fail, onDismissed: fail, onFailed: resolve },
    };
    const plan = {
      ...{ command: [], variables: [], hasVariables: true, hasClock: true },
      ...{ softOpenFilesLimit: null, ignoredSignals: [] },
    };
    createGate({ shell: busyFile(), plan, hasOwnGroup: true, events }).prepare();
  });
  expect(await failed).toBe('spawn ETXTBSY');
});
