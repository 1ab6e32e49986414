/**
 * Leading: from the write that won until the command has to stop.
 *
 * The command is started in the very turn that knows that we lead, are not stopping, and have more than half of the renew
 * deadline left; otherwise a renewal comes first.
 */
import type { RawLease } from './lease.ts';
import { lose } from './losing.ts';
import { nothingObserved } from './observed-lease.ts';
import { runsOfTerm } from './once.ts';
import { type SentRecord, preferredHolderOf, resourceVersionOf } from './record.ts';
import type { OwnReason } from './report.ts';
import { releaseTerm } from './begin-release.ts';
import { freshStreak } from './retrying.ts';
import { advanceRenewal, renewNow, renewalDeadlineMs } from './renewing.ts';
import { killDeadlineMs } from './settings.ts';
import type { Leading, Standby, State, Tenure } from './state.ts';
import { advanceSteppingDown, outcomeOfOwn, stepDown } from './stepping-down.ts';
import { believedUntilMs, expiry, isLive } from './term.ts';
import { requestFor } from './transfer.ts';
import type { Turn } from './turn.ts';
import { watchFrom } from './watching.ts';

/** A write of ours is stored: the term begins, and counts from when that write was *sent*. */
export function win(standby: Standby, sent: SentRecord, lease: RawLease, turn: Turn): Leading {
  const { candidate, command, requests, watch } = standby;
  const fencingToken = resourceVersionOf(lease);
  turn.report({ id: 'acquired', token: fencingToken, transitions: sent.transitions });
  return {
    id: 'leading',
    candidate,
    requests,
    watch,
    command,
    tenure: {
      term: {
        fencingToken,
        acquireTime: sent.acquireTime,
        runs: runsOfTerm(standby, sent, lease, turn),
        beganAtMs: sent.sentAtMs,
        preferredAtWin: preferredHolderOf(lease),
      },
      confirmed: sent,
      lease,
      newestVersion: fencingToken,
      unanswered: [],
      echoMs: 0,
      unheardVersion: fencingToken,
      ...heardBefore(standby, turn),
    },
    requestState: { id: 'idle', nextAtMs: sent.sentAtMs + candidate.retryPeriodMs, ...freshStreak },
  };
}

/** The holders that were heard of while the attempt was under way stay in doubt through the term: it wins, because it names a version. */
function heardBefore(
  { observed }: Standby,
  { nowMs }: Turn,
): Pick<Tenure, 'olderEvent' | 'observed'> {
  const { holdersInOlderStates } = observed;
  const doubts = observed.doubts.filter(({ untilMs }) => nowMs < untilMs);
  const last = [...doubts.map(({ by }) => by), ...holdersInOlderStates].at(-1);
  return {
    olderEvent:
      last === undefined
        ? null
        : { holder: last.holder, version: last.resourceVersion, seenAtMs: nowMs },
    observed: { ...nothingObserved, doubts, holdersInOlderStates },
  };
}

/** What the passing of time alone brings about: the loss first, then the command's start, then the renewal. */
export function advanceLeading(leading: Leading, turn: Turn): State {
  if (turn.nowMs >= believedUntilMs(leading)) return lose(leading, expiry(leading, turn), turn);
  const cause = causeToStepDown(leading, turn);
  if (cause !== null) return stepDownOfOwn(leading, cause, turn);
  const started = startCommand(leading, turn);
  // Opened only now, so that nothing stands between the win and the start.
  const watch = watchFrom(started, started.tenure.newestVersion, turn);
  return advanceRenewal({ ...started, watch }, turn);
}

export function leadingDeadlineMs(leading: Leading): number {
  return Math.min(believedUntilMs(leading), renewalDeadlineMs(leading), termEndMs(leading));
}

/** `--max-term`, counted from the write that won. */
function termEndMs({ candidate: { maxTermMs = Infinity }, tenure }: Leading): number {
  return tenure.term.beganAtMs + maxTermMs;
}

function causeToStepDown(leading: Leading, turn: Turn): OwnReason | null {
  const request = requestFor(leading);
  if (request !== null) return { id: 'transfer', ...request };
  return turn.nowMs >= termEndMs(leading) ? { id: 'max-term' } : null;
}

/** As by TERM; where there is no command yet, none is started. */
function stepDownOfOwn(leading: Leading, cause: OwnReason, turn: Turn): State {
  const { command, candidate } = leading;
  if (!isLive(command)) {
    turn.report({ id: 'not-starting', reason: cause });
    const handsTo = cause.id === 'transfer' ? cause.to : null;
    return releaseTerm(leading, outcomeOfOwn(candidate, null), turn, handsTo);
  }
  return advanceSteppingDown(
    stepDown({ ...leading, command }, cause, { id: 'configured' }, turn),
    turn,
  );
}

function startCommand(leading: Leading, turn: Turn): Leading {
  const { command, candidate, tenure } = leading;
  if (command.id !== 'ready') return leading;
  const { sentAtMs, transitions } = tenure.confirmed;
  if (turn.nowMs >= sentAtMs + candidate.renewDeadlineMs / 2) {
    // The pauses between writes count here too.
    return turn.nowMs >= leading.requestState.writableAtMs ? renewNow(leading, turn) : leading;
  }
  const { fencingToken, acquireTime } = tenure.term;
  turn.emit({
    id: 'start-command',
    term: { fencingToken, acquireTime, leaseTransitions: transitions },
    notAfterMs: believedUntilMs(leading),
    killAtMs: killDeadlineMs(candidate, sentAtMs),
  });
  return { ...leading, command: { id: 'starting' } };
}

/** A signal asks us to stop: a command that lives gets it; where there is none yet, none is started. */
export function stopLeading(
  leading: Leading,
  signal: NodeJS.Signals,
  forwardAs: NodeJS.Signals | null,
  turn: Turn,
): State {
  const { command } = leading;
  if (!isLive(command)) return releaseTerm(leading, { id: 'interrupted', signal }, turn);
  const stop = forwardAs === null ? null : ({ id: 'signal', signal: forwardAs } as const);
  return stepDown({ ...leading, command }, { id: 'signal', signal }, stop, turn);
}
