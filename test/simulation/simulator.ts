/** What the scripts use of the simulator, bundled. */
export { applyEdit } from './bugs/bug.ts';
export {
  classicBugs,
  foundBugs,
  onceBugs,
  termBugs,
  treeBugs,
  withoutOwnChecks,
} from './bugs/bugs.ts';
export { replay } from './replay.ts';
export { drawScenario } from './scenario.ts';
export { simulate } from './simulate.ts';
export { addTo, formatStatistics, missingIn } from './statistics.ts';
