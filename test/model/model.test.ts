/**
 * The smallest explorations, whole; `npm run test:model` has them all.
 */
import { describe, expect, it } from 'vitest';
import { classicBugs } from '../simulation/bugs/bugs.ts';
import { explorations } from './bounds.ts';
import { loadCore } from './core.ts';
import { explore } from './explore.ts';
import { withBug } from './patched.ts';

const quick = ['told to stop', 'requests lost and refused'];

describe('in every reachable state', () => {
  const chosen = explorations.filter(({ name }) => quick.includes(name));

  it.each(chosen)('G1, G2, G3, G7 hold and somebody may yet lead: $name', async (bounds) => {
    const exploration = explore(await loadCore('src'), bounds, { mostStates: 100_000 });
    expect(exploration.failure).toBeNull();
    expect(exploration.isCutShort).toBe(false);
    expect(exploration.states).toBeGreaterThan(1_000);
  });

  it('the exploration notices a release before death', async () => {
    const bug = classicBugs.find(({ id }) => id === 'release-before-death');
    const bounds = explorations.find(({ name }) => name === 'the life of a command');
    if (bug === undefined || bounds === undefined) throw new Error('No such bug or exploration');
    const { failure } = await withBug(bug, (core) => explore(core, bounds, { mostStates: 50_000 }));
    expect(failure?.message).toMatch(/^Violation: G3/);
  });
});
