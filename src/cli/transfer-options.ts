/** `leader-run transfer LOCK`: its one word, as `status` takes it. */
import { partsOf } from './operate-options.ts';
import type { Parsed } from './parsers.ts';

interface Lock {
  /** null: not said. */
  readonly namespace: string | null;
  readonly name: string;
}

/** The Lease; `why` is a line for a person. */
export function lockToTransfer([lockName = '', surplus]: readonly string[]): Parsed<Lock> {
  const refused = (why: string) => ({ ok: false, why }) as const;
  if (lockName === '')
    return refused('Cannot transfer a lease: write its name, as in leader-run transfer my-lock');
  if (surplus !== undefined)
    return refused(
      `Cannot transfer more than one lease: ${JSON.stringify(surplus)} is one too many`,
    );
  const { problem, ...value } = partsOf(lockName);
  return problem === null
    ? { ok: true, value }
    : refused(`Cannot use lock ${JSON.stringify(lockName)}: ${problem}`);
}
