/** The gate when something goes wrong with it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { childrenOf, until } from './fixtures/processes.ts';
import { type Host, type Rig, createRig } from './fixtures/rig.ts';
import { guardsOf } from './fixtures/guards.ts';
import { Gate } from '../../src/command/gate/gate.ts';
import { busyFile, rareShells, shells } from './fixtures/shells.ts';
import { supervise } from './fixtures/supervise.ts';

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
      onWaiting: fail,
      onLost: fail,
      onStarted: fail,
      onTooLate: fail,
      onEnded: fail,
      onCancelled: fail,
      onFailed: resolve,
    };
    const plan = {
      command: [],
      variables: [],
      hasVariables: true,
      hasClock: true,
      shell: '/bin/sh',
      softOpenFilesLimit: null,
      ignoredSignals: [],
    };
    new Gate({ shell: busyFile(), plan, hasOwnGroup: true, events }).prepare();
  });
  expect(await failed).toBe('spawn ETXTBSY');
});

test.each([...shells, ...rareShells])(
  'a gate run by %s gives the command the ignored signals that it is told, and no others',
  async (shell) => {
    const directory = mkdtempSync(join(tmpdir(), 'gate-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'status');
    for (const names of [[], ['SIGHUP'], ['SIGINT', 'SIGQUIT']] as const) {
      const numbers = names.map((name) => constants.signals[name]);
      await runThroughGate(shell, ['cp', '/proc/self/status', file], numbers);
      const mask = /SigIgn:\t(\w+)/.exec(readFileSync(file, 'latin1'))?.[1] ?? '';
      const expected = numbers.reduce((sum, number) => sum + 2 ** (number - 1), 0);
      expect(Number.parseInt(mask, 16)).toBe(expected);
    }
  },
);

/** To the end of the command. */
function runThroughGate(shell: string, command: readonly string[], ignoredSignals: number[]) {
  const plan = {
    command,
    variables: [{ name: 'PATH', value: process.env['PATH'] ?? '' }],
    hasVariables: false,
    hasClock: false,
    shell,
    softOpenFilesLimit: null,
    ignoredSignals,
  };
  return new Promise((resolve, reject) => {
    const events = {
      onWaiting: () => gate.go({ environment: {}, notAfterMs: Infinity, killAtMs: Infinity }),
      onLost: reject,
      onStarted: () => undefined,
      onTooLate: reject,
      onEnded: resolve,
      onCancelled: reject,
      onFailed: reject,
    };
    const gate = new Gate({ shell, plan, hasOwnGroup: true, events });
    gate.prepare();
  });
}

test('after a failure it is said once that nothing is left', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'guardless-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const shell = join(directory, 'sh');
  const program = `#!/bin/sh
    # The guard is told of the gate, so that is there.
    [ "$2" != 'eval "$script"' ] || { echo ok >&3; read -r line <&3; exit 3; }
    exec /bin/sh "$@"`;
  writeFileSync(shell, program, { mode: 0o755 });
  const before = childrenOf(process.pid);
  const { supervisor, heard, gone, events } = supervise(['true'], { shell });
  expect((await heard('failed')).message).toBe(`the guard, run by ${shell}, ended with 3`);
  supervisor.cancel();
  await gone;
  // The end of the gate, which was killed, comes later.
  await until('it has ended', () => childrenOf(process.pid).every((pid) => before.includes(pid)));
  await setImmediate();
  expect(events.map(({ id }) => id)).toEqual(['failed', 'gone']);
});
