/** What the command is told of its term, as variables. */
import type { TermFacts } from '../election/effect.ts';
import type { Candidate } from '../election/state.ts';

/** The variables that are added to the command's environment. */
export function environmentOf(
  { identity, leaseName, leaseNamespace, once }: Candidate & { readonly leaseNamespace: string },
  term: TermFacts,
): Record<string, string> {
  return {
    LEADER_RUN_IDENTITY: identity,
    LEADER_RUN_LOCK: `${leaseNamespace}/${leaseName}`,
    LEADER_RUN_FENCING_TOKEN: term.fencingToken,
    LEADER_RUN_LEASE_TRANSITIONS: String(term.leaseTransitions),
    LEADER_RUN_ACQUIRE_TIME: term.acquireTime,
    ...(once?.id === 'key' ? { LEADER_RUN_ONCE_KEY: once.key } : {}),
  };
}
