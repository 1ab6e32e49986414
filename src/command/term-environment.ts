/** What the command is told of its term, as variables. */
import type { TermFacts } from '../election/effect.ts';
import type { Candidate } from '../election/state.ts';

type CandidateInNamespace = Candidate & { readonly leaseNamespace: string };

/** The variables that are added to the command's environment. */
export function environmentOf(
  candidate: CandidateInNamespace,
  term: TermFacts,
): Record<string, string> {
  const { once } = candidate;
  return {
    ...candidateEnvironmentOf(candidate),
    LEADER_RUN_FENCING_TOKEN: term.fencingToken,
    LEADER_RUN_LEASE_TRANSITIONS: String(term.leaseTransitions),
    LEADER_RUN_ACQUIRE_TIME: term.acquireTime,
    ...(once?.id === 'key' ? { LEADER_RUN_ONCE_KEY: once.key } : {}),
  };
}

/** Those of them that are the same in each term, and that a warm command has from its start. */
export function candidateEnvironmentOf({
  identity,
  leaseName,
  leaseNamespace,
  renewDeadlineMs,
}: CandidateInNamespace): Record<string, string> {
  return {
    LEADER_RUN_IDENTITY: identity,
    LEADER_RUN_LOCK: `${leaseNamespace}/${leaseName}`,
    LEADER_RUN_RENEW_DEADLINE_SECONDS: String(renewDeadlineMs / 1000),
  };
}
