/**
 * One line of each report: what a person reads, and the same facts for a machine. Nothing else makes prose of facts.
 *
 * Where the Lease is and our identity is said once, in the first line; the later ones are short.
 */
import type { Ending, ClockJump } from '../election/event.ts';
import type { Failure } from '../election/lease.ts';
import type { Loss, Outcome, Report, StopReason } from '../election/report.ts';
import { jitterFactor } from '../election/settings.ts';
import { formatDuration, humanDuration } from './durations.ts';
import { failureClause, failureInBrief, finalClause } from './failures.ts';
import { stoppingRest } from './left-behind.ts';
import { levelOf } from './levels.ts';
import type { Line } from './log.ts';
import type { OnceRule } from '../election/runs.ts';
import { doneBy, isUnknownRuns, runOf, unknownRuns } from './once-messages.ts';
import { phrase, quote } from './text.ts';

/** What every line may refer to. */
export interface MessageContext {
  readonly namespace: string;
  readonly lockName: string;
  /** The origin of the API server's URL. */
  readonly server: string;
  /** The kubeconfig's context; null in a cluster. */
  readonly context: string | null;
  readonly identity: string;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly waitMs: number;
  readonly once?: OnceRule | null;
}

export interface Messages {
  ofReport(report: Report): Line;
  /** Only a failure of leader-run itself needs a word of its own: the rest has been reported. */
  ofOutcome(outcome: Outcome): Line | null;
}

/** Makes lines of the reports of one candidate, in their order. */
export function createMessages(context: MessageContext): Messages {
  const sentences = new Sentences(context);
  let isIntroduced = false;
  return {
    ofReport: (report) => {
      const introduces = report.id === 'waiting' || report.id === 'acquired';
      const lease = introduces && !isIntroduced ? sentences.introduction : sentences.lease;
      isIntroduced ||= introduces;
      const { id: event, ...facts } = report;
      const text = sentences.ofReport(report, lease);
      return { level: levelOf(report), event, text, facts: { lease: sentences.name, ...facts } };
    },
    ofOutcome: (outcome) => {
      if (outcome.id !== 'failed') return null;
      const facts = { lease: sentences.name, failure: outcome.why };
      return { level: 'error', event: 'failed', text: sentences.failed(outcome.why), facts };
    },
  };
}

/** The sentences, about one Lease. */
class Sentences {
  readonly name: string;
  readonly lease: string;
  /** The lease and where it is. */
  readonly place: string;
  /** The lease, where it is and our identity. */
  readonly introduction: string;
  readonly #context: MessageContext;

  constructor(context: MessageContext) {
    this.#context = context;
    this.name = `${context.namespace}/${context.lockName}`;
    this.lease = `lease ${quote(this.name)}`;
    const where = context.context === null ? '' : ` (context ${quote(context.context)})`;
    this.place = `${this.lease} at ${context.server}${where}`;
    this.introduction = `${this.place} as ${quote(context.identity)}`;
  }

  ofReport(report: Report, lease: string): string {
    switch (report.id) {
      case 'waiting':
        return `Waiting for ${lease}: ${this.#heldBy(report.holder)}`;
      case 'holder-changed':
        return this.#holderChanged(report.from, report.to);
      case 'went-back':
        return `The API server shows an older state of ${lease} (resourceVersion ${report.shownVersion} after ${report.newestVersion}): it was restored from a backup, or answers from an old cache. Waiting ${humanDuration(report.waitsMs)} for ${quote(report.holder)}, which may still lead`;
      case 'doubted':
        return `${capital(lease)} is free, but ${quote(report.holder)} has not released it and may still lead: waiting ${humanDuration(report.waitsMs)} for that one`;
      case 'wait-bounded':
        return `${capital(lease)} was cleared and asks others to wait ${humanDuration(report.askedMs)}: waiting ${humanDuration(report.waitsMs)} at most`;
      case 'acquired':
        return `Leading ${lease}: fencing token ${report.token}, transitions ${report.transitions}`;
      case 'command-started':
        return `Started command ${report.pid}`;
      case 'api-failed':
        return `Cannot ${isAnswer(report.failure) ? 'use' : 'reach'} ${this.place}: ${failureClause(report.failure, this.#context.namespace)}; retrying`;
      case 'api-recovered':
        return 'The API server answers again';
      case 'renewal-failed':
        return `Cannot renew ${lease}: ${failureClause(report.failure, this.#context.namespace)}; last renewed ${humanDuration(report.sinceRenewalMs)} ago, stopping the command in ${humanDuration(report.stopsInMs)} unless a renewal succeeds`;
      case 'renewed':
        return `Renewed ${lease} after ${humanDuration(report.sinceRenewalMs)} without a renewal`;
      case 'restoring':
        return `Restoring ${lease}: its record was ${report.what} by someone else`;
      case 'stopping-command':
        return `Stopping ${command(report.pid)}${this.#why(report.reason)}; ${killFollows(report.killsInMs)}`;
      case 'killing-tree':
        return this.#killing(report);
      case 'command-ended':
        return commandEnded(report);
      case 'stopping-remaining':
        return stoppingRest(report);
      case 'tree-lingering':
        return `Cannot kill ${pidsOf(report.pids)} of the command: SIGKILL not permitted or without effect; ${lease} ${report.keepsRenewing ? 'is renewed until they are gone' : 'is left to expire'}`;
      case 'released':
        return `Released ${lease}`;
      case 'rejoining':
        return `Back to waiting for ${lease}${stayingOut(report.staysOutMs)}`;
      case 'not-starting':
        return `Not starting the command${this.#why(report.reason)}`;
      case 'not-released':
        return this.#notReleased(report.why);
      case 'lost':
        return `Not starting the command: ${this.#loss(report.loss)}`;
      case 'done':
        return `Not running the command: ${doneBy(report.run, this.#context.once)}`;
      case 'recorded':
        return `Recorded ${runOf(report.key)} as done`;
      case 'not-recorded':
        return this.#notRecorded(report);
      case 'not-acquired':
        return `Cannot acquire ${lease}${this.#inTime()}: ${this.#heldBy(report.holder)}`;
      case 'watching':
        return `Watching ${lease} again`;
      case 'polling':
        return this.#polling(report.why);
    }
  }

  #notRecorded({ key, why }: Report & { id: 'not-recorded' }): string {
    switch (why) {
      case 'stopped':
        return `Not recording ${runOf(key)} as done: leader-run stopped the command; it will run again`;
      case 'unconfirmed':
        return `Cannot record ${runOf(key)} as done: the API server did not confirm it; the command may run again`;
      case 'not-ours':
        return `Cannot record ${runOf(key)} as done: ${this.lease} was lost or deleted meanwhile; the command will run again`;
    }
  }

  #polling(why: (Report & { id: 'polling' })['why']): string {
    const { namespace, retryPeriodMs } = this.#context;
    const period = `${formatDuration(retryPeriodMs)} to ${formatDuration((1 + jitterFactor) * retryPeriodMs)}`;
    return why === 'forbidden'
      ? `No permission to watch ${this.lease}; polling every ${period}. Grant "watch" on leases.coordination.k8s.io for immediate hand-over`
      : `Cannot watch ${this.lease}: ${failureClause(why, namespace)}; polling every ${period} for now`;
  }

  #heldBy(holder: string | null): string {
    if (holder === null) return 'its holder is not known';
    return holder === this.#context.identity
      ? `held by another process with the same identity ${quote(holder)}: give each its own --id`
      : `held by ${quote(holder)}`;
  }

  #inTime(): string {
    const { waitMs } = this.#context;
    return waitMs === 0 ? '' : ` within ${formatDuration(waitMs)}`;
  }

  failed(why: (Outcome & { id: 'failed' })['why']): string {
    if (why.reason === 'command') return `Cannot start the command: ${phrase(why.message)}`;
    if (isUnknownRuns(why)) return unknownRuns(why.reason, this.place, this.#context);
    return `Cannot acquire ${this.introduction}: ${finalClause(why, this.#context.namespace)}`;
  }

  #holderChanged(from: string, to: string | null): string {
    const { lease } = this;
    if (to === null) return `${capital(lease)} is no longer held by ${quote(from)}`;
    return `${capital(lease)} is now held by ${quote(to)}, no longer by ${quote(from)}`;
  }

  #killing({ pid, reason, afterMs }: Report & { id: 'killing-tree' }): string {
    const afterText = humanDuration(afterMs);
    switch (reason.id) {
      case 'remaining':
        return `Killing the remaining processes of command ${pid}: still running after ${afterText}`;
      case 'signal':
        return `Killing ${command(pid)}: still running ${afterText} after ${reason.signal}`;
      case 'unguarded':
        return `Killing ${command(pid)}: still running ${afterText} after the loss of its guard`;
      case 'transfer':
      case 'max-term':
        return `Killing ${command(pid)}: still running ${afterText} after the stop signal`;
      case 'lost':
        return afterMs === 0
          ? `Killing ${command(pid)}: ${this.#loss(reason.loss)}`
          : `Killing ${command(pid)}: still running ${afterText} after the loss of ${this.lease}`;
    }
  }

  #notReleased(why: (Report & { id: 'not-released' })['why']): string {
    if (why === 'not-ours') return `Not releasing ${this.lease}: it is no longer ours`;
    const clause = failureClause(why, this.#context.namespace);
    return `Cannot release ${this.lease}: ${clause}; leaving it to expire`;
  }

  #why(reason: StopReason): string {
    switch (reason.id) {
      case 'signal':
        return ` on ${reason.signal}`;
      case 'lost':
        return `: ${this.#loss(reason.loss)}`;
      case 'transfer': {
        const to = reason.to === null ? 'another candidate' : quote(reason.to);
        return `: ${reason.by === '' ? 'someone' : quote(reason.by)} asked to transfer ${this.lease} to ${to}`;
      }
      case 'max-term':
        return `: it has led for --max-term`;
      case 'unguarded':
        return `: ${unguarded(reason.message)}`;
    }
  }

  #loss(loss: Loss): string {
    switch (loss.id) {
      case 'expired':
        return loss.jump === null
          ? this.#notRenewed(loss)
          : `${jumpClause(loss.jump)}, past its ${this.lease}`;
      case 'deposed':
        return loss.holder === this.#context.identity
          ? `another process writes ${this.lease} with the same identity ${quote(loss.holder)}: give each its own --id`
          : `${this.lease} is held by ${quote(loss.holder)} now`;
      case 'went-back':
        return `the API server shows an older state of ${this.lease} (resourceVersion ${loss.shownVersion} after ${loss.newestVersion}), ${loss.holder === '' ? 'in which no one holds it' : `held by ${quote(loss.holder)}`}: was it restored from a backup?`;
    }
  }

  #notRenewed({ sinceRenewalMs, lastFailure }: Loss & { id: 'expired' }): string {
    const last = lastFailure === null ? '' : `, last attempt: ${failureInBrief(lastFailure)}`;
    return `${this.lease} was not renewed within ${formatDuration(this.#context.renewDeadlineMs)}: last renewed ${humanDuration(sinceRenewalMs)} ago${last}`;
  }
}

/** Whether there was an answer, if not the one that was wanted. */
function isAnswer({ reason }: Failure): boolean {
  return !/^(?:timeout|network|certificate|(?:awaiting-)?credentials)$/.test(reason);
}

function stayingOut(ms: number): string {
  return ms === 0 ? '' : `: not taking it for ${humanDuration(ms)}`;
}

function killFollows(killsInMs: number): string {
  return killsInMs === Infinity
    ? 'no SIGKILL follows'
    : `SIGKILL follows in ${humanDuration(killsInMs)}`;
}

/** A warm command has no number here until it leads. */
function commandEnded({ pid, ending }: Report & { id: 'command-ended' }): string {
  return pid === 0
    ? `The command ${ended(ending)} before it led`
    : `Command ${pid} ${ended(ending)}`;
}

function ended(ending: Ending): string {
  return ending.id === 'exited' ? `exited with ${ending.code}` : `was killed by ${ending.signal}`;
}

function jumpClause({ cause, ms }: ClockJump): string {
  return cause === 'suspended'
    ? `this machine was suspended for ${humanDuration(ms)}`
    : `leader-run did not run for ${humanDuration(ms)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** 0: it got "go", and has not said yet that it starts. */
function command(pid: number): string {
  return pid === 0 ? 'command' : `command ${pid}`;
}

function unguarded(message: string): string {
  return `its guard process was lost and could not be replaced: ${phrase(message)}`;
}

function pidsOf(pids: readonly number[]): string {
  return pids.length === 1 ? `process ${pids[0]}` : `processes ${pids.join(', ')}`;
}
