/**
 * Programs that go to the background as daemons do, losing their parent, group, session, environment, name and descriptors: nothing
 * of them is alive when the lease is released, nor when it has expired.
 */
import { describe, test } from 'vitest';
import { standIns } from '../fixtures/daemons/stand-ins.ts';
import { testWays } from '../fixtures/daemons/ways.ts';

const daemons = standIns();

test.runIf(daemons.length === 0)('skipped: neither cc nor perl nor setsid is here', (context) =>
  context.skip(),
);

describe.each(daemons)('$name', (daemon) => testWays(daemon, 2));
