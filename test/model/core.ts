/**
 * The core under exploration: the shipped one, or a copy of it with a bug put in.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as beginning from '../../src/election/beginning.ts';
import type * as step from '../../src/election/step.ts';

export type Core = Pick<typeof step, 'step' | 'nextDeadlineMs'> &
  Pick<typeof beginning, 'initialStandby'>;

/** `sourceFolder` is `src`, or a copy of it. */
export async function loadCore(sourceFolder: string): Promise<Core> {
  const load = (name: string) =>
    import(pathToFileURL(join(sourceFolder, 'election', name)).href) as Promise<unknown>;
  const { step, nextDeadlineMs } = (await load('step.ts')) as Core;
  const { initialStandby } = (await load('beginning.ts')) as Core;
  return { step, nextDeadlineMs, initialStandby };
}
