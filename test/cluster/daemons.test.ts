/** What `test/end-to-end/daemons.test.ts` shows of stand-ins, with real programs. */
import { describe, test } from 'vitest';
import { findPrograms, installPrograms } from '../fixtures/daemons/programs.ts';
import { testWays } from '../fixtures/daemons/ways.ts';

let { daemons, missing } = findPrograms();
let whyNot: string | null = null;
if (missing.length > 0) {
  whyNot = installPrograms();
  ({ daemons, missing } = findPrograms());
}

test.runIf(missing.length > 0)(
  `skipped, because ${whyNot ?? 'they were not installed'}: ${missing.join(', ')}`,
  (context) => context.skip(),
);

describe.each(daemons)('$name', (daemon) => testWays(daemon, 2));
