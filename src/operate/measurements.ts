/**
 * What the metrics are made of: numbers, counted from one state to the next. Kept without the Prometheus library, which is
 * loaded when someone asks for the first time.
 */
import type { Instant } from '../election/event.ts';
import type { Failure } from '../election/lease.ts';
import { readRecord } from '../election/record.ts';
import type { State } from '../election/state.ts';
import { believedUntilMs, isLive, type Tenured } from '../election/term.ts';

/** A counter for each value of its labels, joined by a space. */
export type Counts = ReadonlyMap<string, number>;

export class Counter {
  readonly counts = new Map<string, number>();

  add(key = ''): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

/** A histogram of durations, in seconds as Prometheus wants them. */
export class Durations {
  readonly boundsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
  /** Of each bound: how many were at most that long and longer than the bound before. */
  readonly counts = this.boundsSeconds.map(() => 0);
  count = 0;
  sumSeconds = 0;

  add(ms: number): void {
    const at = this.boundsSeconds.findIndex((bound) => ms <= bound * 1000);
    if (at !== -1) this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.count += 1;
    this.sumSeconds += ms / 1000;
  }
}

export class Measurements {
  readonly acquisitions = new Counter();
  /** By {@link lossReason}. */
  readonly losses = new Counter();
  /** By reason. */
  readonly renewFailures = new Counter();
  /** As client-go counts: renewals whose first write did not succeed. */
  readonly slowPath = new Counter();
  readonly commandStarts = new Counter();
  /** `zero`, `nonzero` or `signal`. */
  readonly commandExits = new Counter();
  readonly guardReplacements = new Counter();
  readonly watchRestarts = new Counter();
  /** By verb and status code. */
  readonly requests = new Counter();
  /** From the sending of a renewal to the turn that knows that it is stored. */
  readonly renewals = new Durations();
  /** From the turn that saw the lease free to the command's start. */
  readonly handOvers = new Durations();
  state: State | null = null;
  /** Unix time, ms; null: not leading, or never renewed. */
  leaderSinceMs: number | null = null;
  lastRenewalMs: number | null = null;
  #freeSinceMs: number | null = null;

  onState(state: State, at: Instant): void {
    const before = this.state;
    this.state = state;
    if (before === null) return;
    this.#countTerms(before, state, at);
    if (isTenured(state)) this.#countRenewals(before, state, at);
    this.#countCommand(before, state, at);
  }

  #countTerms(before: State, state: State, at: Instant): void {
    if (state.id === 'leading' && before.id === 'standby') {
      this.acquisitions.add();
      this.leaderSinceMs = at.wallMs;
      this.#freeSinceMs = freeSinceMs(before) ?? at.bootMs;
    }
    if (isTenured(before)) {
      const reason = lossReason(before, state, at);
      if (reason !== null) this.losses.add(reason);
    }
    if (!isTenured(state)) this.leaderSinceMs = null;
  }

  #countRenewals(before: State, state: Tenured, { bootMs, wallMs }: Instant): void {
    const { confirmed } = state.tenure;
    const wasTenured = isTenured(before);
    if (wasTenured && before.tenure.confirmed === confirmed) {
      const hasFailed = state.requestState.failures > before.requestState.failures;
      if (hasFailed) this.renewFailures.add(state.requestState.failure?.reason ?? 'unknown');
      if (
        before.requestState.id === 'writing' &&
        (hasFailed || state.requestState.id === 'reading')
      )
        this.slowPath.add();
      return;
    }
    if (wasTenured) this.renewals.add(bootMs - confirmed.sentAtMs);
    this.lastRenewalMs = wallMs - (bootMs - confirmed.sentAtMs);
  }

  #countCommand(before: State, state: State, { bootMs }: Instant): void {
    const [was, is] = [commandOf(before), commandOf(state)];
    if (is === null || was?.id === is.id) return;
    if (is.id === 'running') {
      this.commandStarts.add();
      if (this.#freeSinceMs !== null) this.handOvers.add(bootMs - this.#freeSinceMs);
      this.#freeSinceMs = null;
    }
    if (is.id === 'ended') {
      const { ending } = is;
      this.commandExits.add(
        ending.id === 'signalled' ? 'signal' : ending.code === 0 ? 'zero' : 'nonzero',
      );
    }
  }
}

export function isTenured(state: State): state is Tenured {
  return state.id === 'leading' || state.id === 'stepping-down';
}

/** Why leadership was lost in this step: `expired`, `deposed`, `went-back` or `unguarded`; null: it was not. */
function lossReason(before: Tenured, state: State, { bootMs }: Instant): string | null {
  if (state.id === 'losing') return state.loss.id;
  if (state.id === 'stepping-down')
    return before.id === 'leading' && state.cause.id === 'unguarded' ? 'unguarded' : null;
  // There was no command yet that would have had to be stopped.
  const isOver = state.id === 'releasing' || state.id === 'ended';
  if (!isOver || state.outcome.id !== 'lost' || before.id !== 'leading' || isLive(before.command))
    return null;
  return bootMs >= believedUntilMs(before) ? 'expired' : 'deposed';
}

/** When a standby saw that the lease was free; null: it cannot tell. */
function freeSinceMs({ observed, candidate }: State & { id: 'standby' }): number | null {
  const { current } = observed;
  if (current.id === 'absent') return current.sinceMs;
  if (current.id === 'nothing') return null;
  if (current.isReleased) return current.sinceMs;
  return current.sinceMs + Math.max(candidate.leaseDurationMs, current.record.leaseDurationMs ?? 0);
}

function commandOf(state: State) {
  if (!isTenured(state) && state.id !== 'losing') return null;
  return isLive(state.command) ? state.command : null;
}

/** The transitions that the Lease counts, as far as this state knows. */
export function transitionsOf(state: State): number | null {
  if (isTenured(state) || state.id === 'losing') return state.tenure.confirmed.transitions;
  if (state.id === 'releasing') return state.transitions;
  if (state.id === 'ended' || state.observed.current.id !== 'present') return null;
  return readRecord(state.observed.current.lease).transitions;
}

/** The status code, or `<error>` where none came, as client-go's metrics have it. */
export function codeOf(failure: Failure): string {
  switch (failure.reason) {
    case 'status':
    case 'rejected':
      return String(failure.status);
    case 'unauthorized':
      return '401';
    case 'forbidden':
      return '403';
    case 'no-namespace':
      return '404';
    case 'unconfirmed':
      return '200';
    case 'timeout':
    case 'network':
    case 'certificate':
    case 'credentials':
    case 'awaiting-credentials':
    case 'malformed':
      return '<error>';
  }
}
