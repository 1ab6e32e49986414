import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A mutant is tried by each in turn until one fails: those that kill most come first, and the dear ones last. */
const folders = ['election', 'run', 'tree', 'fuzz', 'simulation'];

class CheapFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      folders.findIndex((folder) => moduleId.includes(`/test/${folder}/`));
    return Promise.resolve([...files].sort((a, b) => rank(a) - rank(b)));
  }
}

/** What the mutants of `src/election`, `src/run.ts` and `src/command/tree/judge-tree.ts` have to fear: all that is fast. */
export default defineConfig({
  test: {
    include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
    // These read the sources as text, which a mutant changes.
    exclude: ['test/simulation/bugs/**'],
    env: { FUZZ_RUNS: '30', SIMULATION_SEEDS: '30' },
    sequence: { sequencer: CheapFirst },
    testTimeout: 10_000,
  },
});
