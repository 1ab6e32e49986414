import { defineConfig } from 'vitest/config';

/** What the mutants of `src/election` and `src/run.ts` have to fear: the stories and the driver's tests, as they are fast. */
export default defineConfig({
  test: {
    include: ['test/election/**/*.test.ts', 'test/run/**/*.test.ts'],
    testTimeout: 10_000,
  },
});
