/** What came of `leader-run transfer`, in words. */
import { type TransferResult, transferAnnotation } from '../election/transfer.ts';
import { formatDuration } from './durations.ts';
import { failureClause } from './failures.ts';
import { quote } from './text.ts';

const rights = 'get, update and watch on leases.coordination.k8s.io';

/** The line, and the exit status of it. `lease` is its namespace and name. */
export function transferLine(
  result: TransferResult,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { to, waitMs }: { readonly to: string | null; readonly waitMs: number },
): { readonly text: string; readonly status: number } {
  const lease = `lease ${quote(`${namespace}/${name}`)}`;
  switch (result.id) {
    case 'transferred':
      return { status: 0, text: `Transferred ${lease}: ${quote(result.holder)} leads` };
    case 'other':
      return {
        status: 1,
        text:
          to === null
            ? `Cannot transfer ${lease}: ${quote(result.holder)} leads again, because no other candidate took it`
            : `Cannot transfer ${lease} to ${quote(to)}: ${quote(result.holder)} leads now. Is the other one waiting for it?`,
      };
    case 'timeout':
      return {
        status: 124,
        text: `Cannot transfer ${lease} within ${formatDuration(waitMs)}: ${whyNot(result)}${leftClause(result)}`,
      };
    case 'no-lease':
      return { status: 125, text: `Cannot transfer ${lease}: there is no such Lease` };
    case 'no-holder':
      return { status: 125, text: `Cannot transfer ${lease}: no one holds it` };
    case 'failed':
      return {
        status: 125,
        text: `Cannot transfer ${lease}: ${failureClause(result.failure, namespace, rights)}${leftClause(result)}`,
      };
  }
}

function leftClause({ isLeft }: { readonly isLeft: boolean }): string {
  return isLeft
    ? `. The request may still be in the Lease, and be obeyed: remove annotation ${transferAnnotation}`
    : '';
}

function whyNot({
  holder,
  isReleased,
  isLeaderRun,
}: TransferResult & { readonly id: 'timeout' }): string {
  if (isReleased) return `${quote(holder)} released it, but no one has taken it`;
  return isLeaderRun
    ? `${quote(holder)} still holds it. Its command may take longer to stop`
    : `${quote(holder)} did not step down, and is not a leader-run, which alone knows such a request`;
}
