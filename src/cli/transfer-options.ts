/** `leader-run transfer LOCK`: its one word. */
import { checkSubdomain } from './names.ts';
import type { Parsed } from './parsers.ts';

/** The name of the Lease; `why` is a line for a person. */
export function lockToTransfer([lockName = '', surplus]: readonly string[]): Parsed<string> {
  const refused = (why: string) => ({ ok: false, why }) as const;
  if (lockName === '')
    return refused('Cannot transfer a lease: write its name, as in leader-run transfer my-lock');
  if (surplus !== undefined)
    return refused(
      `Cannot transfer more than one lease: ${JSON.stringify(surplus)} is one too many`,
    );
  const name = checkSubdomain(lockName);
  return name.ok ? name : refused(`Cannot use lock name ${JSON.stringify(lockName)}: ${name.why}`);
}
