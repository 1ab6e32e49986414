/**
 * Explores every reachable state of the core within small bounds, and then shows which known bugs that finds:
 * `npm run test:model`; `-- --only NAME` for one of the explorations, `-- --bugs` or `-- --bug ID` for the bugs alone.
 */
import { parseArgs } from 'node:util';
import { type Bug } from '../simulation/bugs/bug.ts';
import { allBugs, classicBugs } from '../simulation/bugs/bugs.ts';
import { explorations } from './bounds.ts';
import { type Core, loadCore } from './core.ts';
import { type Exploration, type Failure, explore } from './explore.ts';
import { isInCore, withBug } from './patched.ts';
import type { Bounds } from './world.ts';

const mostStates = 5_000_000;

/** A bug that takes more states than this in each exploration is not found. */
const mostStatesWithBug = 60_000;

/** Of the classic bugs this many have to be found. */
const fewestFound = 10;

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, bugs: { type: 'boolean' }, bug: { type: 'string' } },
  });
  const chosen = explorations.filter(({ name }) => name.includes(values.only ?? ''));
  const bugs = allBugs.filter(({ id }) => (values.bug ?? id) === id);
  if (values.bugs === true || values.bug !== undefined) return hunt(bugs, chosen);
  const isWell = await exploreAll(chosen);
  return values.only === undefined ? (await hunt(bugs, chosen)) && isWell : isWell;
}

async function exploreAll(chosen: readonly Bounds[]): Promise<boolean> {
  const core = await loadCore('src');
  const explored = chosen.map((bounds) => {
    const startedMs = performance.now();
    const onProgress = (states: number, depth: number) => {
      if (process.stderr.isTTY)
        process.stderr.write(`\r${bounds.name}: ${states}, depth ${depth} `);
    };
    const exploration = explore(core, bounds, { mostStates, onProgress });
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    console.log(`${bounds.name}: ${describe(exploration, performance.now() - startedMs)}`);
    if (exploration.failure !== null) show(exploration.failure);
    return exploration;
  });
  const states = explored.reduce((sum, exploration) => sum + exploration.states, 0);
  const deepest = Math.max(...explored.map(({ depth }) => depth));
  const isWell = explored.every(({ failure, isCutShort }) => failure === null && !isCutShort);
  console.log(`${states} states in ${explored.length} explorations, up to ${deepest} deep`);
  return isWell && explored.length > 0;
}

/** Tries each bug in each exploration until it is found. */
async function hunt(bugs: readonly Bug[], chosen: readonly Bounds[]): Promise<boolean> {
  let found = 0;
  const classic = bugs.filter((bug) => classicBugs.includes(bug));
  for (const bug of bugs) {
    const by = isInCore(bug) ? await withBug(bug, (core) => findBug(core, chosen)) : null;
    if (by !== null && classic.includes(bug)) found += 1;
    const how =
      by === null
        ? 'not found'
        : `${by.states} states, ${by.failure.way.length} deep, in "${by.name}" by "${by.failure.message}"`;
    console.log(`${bug.id}: ${how} (${bug.what})`);
  }
  console.log(`${found} of ${classic.length} classic bugs found`);
  return found >= Math.min(fewestFound, classic.length);
}

interface Find {
  readonly name: string;
  readonly states: number;
  readonly failure: Failure;
}

function findBug(core: Core, chosen: readonly Bounds[]): Find | null {
  let states = 0;
  for (const bounds of chosen) {
    const exploration = explore(core, bounds, { mostStates: mostStatesWithBug });
    states += exploration.states;
    const { failure } = exploration;
    if (failure !== null) return { name: bounds.name, states, failure };
  }
  return null;
}

function describe({ states, steps, depth, isCutShort }: Exploration, ms: number): string {
  const whole = isCutShort ? ', CUT SHORT' : '';
  return `${states} states, ${steps} steps, ${depth} deep, ${(ms / 1000).toFixed(0)} s${whole}`;
}

function show({ message, way }: Failure): void {
  console.log(`  ${message}`);
  for (const label of way) console.log(`    ${label}`);
}

process.exitCode = (await main()) ? 0 : 1;
