/** In a terminal the group is shared with leader-run and the rest of the pipeline: the tree is found without it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAlive, processesWith, until } from './fixtures/processes.ts';
import { type Rig, createRig } from './fixtures/rig.ts';
import { shells } from './fixtures/shells.ts';
import { bigTree, grown } from './fixtures/tree.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

/** A tree of ten in the group of its host, where a neighbour is too. */
async function startInPipeline(shell: string) {
  const mark = rig.createMark();
  const beside = rig.createMark();
  // In a group of their own, as a shell does for a pipeline.
  const through = ['setsid', 'sh', '-c', `sleep ${beside} & exec "$@"`, 'sh'];
  const host = rig.start(bigTree(mark, 10), { shell, hasTerminal: true, through });
  await host.go();
  const pids = await grown(mark, 10);
  return { host, mark, pids, beside };
}

describe.each(shells)('with %s', (shell) => {
  test('SIGKILL of leader-run ends the tree and not its neighbours', async () => {
    const { host, mark, pids, beside } = await startInPipeline(shell);
    host.signal('SIGKILL');
    await until('the tree is dead', () => !pids.some(isAlive));
    expect(processesWith(mark)).toEqual([]);
    expect(processesWith(beside)).toHaveLength(1);
  });

  test('kill() ends the tree and neither leader-run nor its neighbours', async () => {
    const { host, mark, beside } = await startInPipeline(shell);
    host.tell({ call: 'kill' });
    await host.heard('gone');
    expect(processesWith(mark)).toEqual([]);
    expect(processesWith(beside)).toHaveLength(1);
    expect(isAlive(host.pid)).toBe(true);
  });
});
