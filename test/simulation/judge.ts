/** Sees everything and says when a guarantee is broken. G1 … G7 are those of the README. */
import type { StartOptions } from '../../src/command/supervisor.ts';
import type { Answer, WatchEvent } from '../../src/election/lease.ts';
import type { Outcome, Report } from '../../src/election/report.ts';
import { deposedGraceMs, killDeadlineMs, killMarginMs } from '../../src/election/settings.ts';
import { metadataOf, objectOf, specOf, textOf } from './fields.ts';
import { OnceJudge } from './judge-once.ts';
import { HandOverJudge, type Standby } from './judge-hand-over.ts';
import { WriteJudge } from './judge-writes.ts';
import type { Ledger } from './ledger.ts';
import type { Scenario } from './scenario.ts';
import type { Arrival, Author, Server } from './server.ts';
import type { SimulatedTree } from './tree.ts';
import type { World } from './world.ts';

/** What a responsive leader-run may need between an instant and its deed. */
const reactionMs = 25;
/** What the guard's timer and SIGKILL may need. */
const guardLatenessMs = killMarginMs;
/** After a suspend. */
const wakeReactionMs = 250;

export class Judge {
  readonly writes: WriteJudge;
  readonly #once: OnceJudge;
  /** When a candidate last ended as another had done it, true time. */
  doneAtMs = -Infinity;
  readonly #world: World;
  readonly #server: Server;
  readonly #isBeyondLimits: boolean;
  readonly #ledgers = new Set<Ledger>();
  readonly #byTree = new Map<SimulatedTree, Ledger>();
  readonly #living = new Set<SimulatedTree>();
  readonly #tokens = new Map<Author, bigint>();

  constructor(
    world: World,
    server: Server,
    { isBeyondLimits, isCalm }: Pick<Scenario, 'isBeyondLimits' | 'isCalm'>,
    standbys: () => readonly Standby[],
  ) {
    this.#world = world;
    this.#server = server;
    this.#isBeyondLimits = isBeyondLimits;
    this.writes = new WriteJudge(world, isBeyondLimits, () => server.setBackAtMs);
    const handOver = new HandOverJudge(
      world,
      standbys,
      (author) => server.conflicts.get(author) ?? 0,
    );
    this.#once = new OnceJudge(world, server, isBeyondLimits);
    server.onCommit((before, after, by) => {
      this.#once.onCommit(before, after, by.author);
      if (isCalm) handOver.onCommit(after, by.author);
      this.writes.onCommit(before, after, by);
    });
  }

  get living(): ReadonlySet<SimulatedTree> {
    return this.#living;
  }

  enter(ledger: Ledger): void {
    this.#ledgers.add(ledger);
  }

  leave(ledger: Ledger): void {
    this.#ledgers.delete(ledger);
  }

  onSend(ledger: Ledger, arrival: Arrival, pending: number): void {
    const { name } = ledger.author;
    if (pending > 1) this.#world.break('one request at a time', `${name} has ${pending} under way`);
    const { nowMs } = this.#world;
    ledger.sends.push(nowMs);
    this.#checkWork(ledger, nowMs);
    const { request } = arrival;
    if (request.id === 'get') return;
    const { holderIdentity: holder, renewTime } = specOf(request.body);
    if (holder === '' || holder === ledger.settings.identity) ledger.noteSent(textOf(renewTime));
    if (holder === '') this.writes.onRelease(ledger.author);
    if (holder === '' && isLeft(ledger.tree)) {
      this.#world.break('G3', `${name} sent its release while its tree lives`);
    }
  }

  /** A minute holds no more requests than the pauses between them allow. */
  #checkWork(ledger: Ledger, nowMs: number): void {
    const { sends, settings } = ledger;
    while ((sends[0] ?? nowMs) < nowMs - 60_000) sends.shift();
    this.#world.peak('most requests of one candidate in a minute', sends.length);
    const most = requestsPerMinute(settings.retryPeriodMs);
    if (sends.length > most)
      this.#world.break(
        'bounded work',
        `${ledger.author.name} sent ${sends.length} requests in a minute, most allowed ${most}`,
      );
  }

  onAnswer(ledger: Ledger, answer: Answer, arrival: Arrival): void {
    ledger.noteAnswer(answer, arrival);
    const { tree, lostAtMs } = ledger;
    const isTold = tree === null || tree.stopSignalAtMs !== null || tree.killedAtMs !== null;
    if (answer.id === 'lease' && lostAtMs !== null && tree?.isAlive === true && !isTold)
      this.#world.count('answers taken up past the renew deadline');
  }

  onEvent(ledger: Ledger, event: WatchEvent): void {
    if (event.id === 'changed') ledger.noteWatchEvent(event.lease);
  }

  /** "Go" is said. */
  onStart(
    ledger: Ledger,
    tree: SimulatedTree,
    { environment, notAfterMs, killAtMs }: StartOptions,
  ): void {
    const { settings, process, author } = ledger;
    ledger.tree = tree;
    this.#byTree.set(tree, ledger);
    const nowMs = process.bootMs();
    ledger.goAtMs = nowMs;
    const sinceMs = nowMs - ledger.confirmedMs;
    if (sinceMs >= settings.renewDeadlineMs / 2)
      this.#world.break(
        'start early',
        `${author.name} said go ${sinceMs.toFixed(1)} ms after its last renewal`,
      );
    if (ledger.stopRequestedAtMs !== null)
      this.#world.break(
        'no start after a stop',
        `${author.name} said go though it had been told to stop`,
      );
    if (notAfterMs > ledger.confirmedMs + settings.renewDeadlineMs + 0.001)
      this.#world.break(
        'G2',
        `${author.name} allowed a start ${notAfterMs - ledger.confirmedMs} ms after its last renewal`,
      );
    if (killAtMs > killDeadlineMs(settings, ledger.confirmedMs) + 0.001)
      this.#world.break(
        'G2',
        `${author.name} armed its guard for ${killAtMs - ledger.confirmedMs} ms after its last renewal`,
      );
    const token = environment['LEADER_RUN_FENCING_TOKEN'] ?? '0';
    this.#checkToken(author, BigInt(token));
    this.#once.onStart(ledger, token);
  }

  /** Tokens are in the order in which the terms began. */
  #checkToken(author: Author, token: bigint): void {
    // A restore turns versions back, and the tokens with them (README, G7).
    if (this.#server.setBackAtMs > -Infinity) return;
    const began = this.writes.beganAt(author);
    for (const [other, earlier] of this.#tokens) {
      const isAfter = this.writes.beganAt(other) < began;
      if (isAfter ? token > earlier : token < earlier) continue;
      const text = `${author.name} has token ${token}, ${other.name} had ${earlier}`;
      this.#world.break('G7', text);
    }
    this.#tokens.set(author, token);
  }

  onAlive(tree: SimulatedTree): void {
    this.#living.add(tree);
    this.#world.count('commands');
    const ledger = this.#ledgerOf(tree);
    const { confirmedMs, settings, author, process } = ledger;
    const sinceMs = process.machine.bootMs() - confirmedMs;
    // A gate looks at the clock itself. leader-run may be stopped right before it writes the line; then there is the guard.
    const mostMs = settings.isWarm
      ? killDeadlineMs(settings, 0) + guardLatenessMs
      : settings.renewDeadlineMs;
    // A warm one that was told before the machine slept reads it when that wakes, and is killed like all that runs then.
    const hasJustWoken = settings.isWarm === true && this.#isJustAwake(tree);
    if (sinceMs >= mostMs && !hasJustWoken)
      this.#world.break(
        'G2',
        `the command of ${author.name} began ${sinceMs.toFixed(1)} ms after its last renewal`,
      );
    this.#checkAlone();
  }

  onDead(tree: SimulatedTree): void {
    this.#checkTree(tree);
    this.#living.delete(tree);
  }

  onStopSignal(tree: SimulatedTree): void {
    this.#checkTree(tree);
    const ledger = this.#ledgerOf(tree);
    ledger.wasToldToStop ||= !tree.hasEnded;
    const atMs = ledger.process.bootMs();
    // What the stop is for is said right after it.
    this.#world.whenSettled(() => this.#checkLabel(ledger, atMs));
  }

  onKilled(tree: SimulatedTree): void {
    const ledger = this.#ledgerOf(tree);
    this.#world.count(`commands killed by ${tree.killedBy ?? ''}${this.#deadlineOf(tree, ledger)}`);
    this.#checkTree(tree);
  }

  #deadlineOf(tree: SimulatedTree, ledger: Ledger): string {
    if (tree.killedBy !== 'leader-run') return '';
    if (ledger.deposedAtMs !== null) return ' when deposed';
    return ledger.lostAtMs === null ? ' after its grace' : ' after the loss grace';
  }

  onReport(ledger: Ledger, report: Report): void {
    this.#world.count(`report: ${report.id}`);
    if (report.id === 'acquired') {
      ledger.hasWon = true;
      this.writes.onWin(ledger.author, ledger.confirmedMs);
    }
    if (report.id === 'done') this.#once.onDone(ledger, report.run);
    const reason = 'reason' in report ? report.reason : null;
    const isOfOwn = reason?.id === 'transfer' || reason?.id === 'max-term';
    ledger.saidStopping ||= report.id === 'stopping-command';
    ledger.stopsOfOwn ||= report.id === 'stopping-command' && isOfOwn;
    if (reason?.id === 'transfer') this.#checkTransfer(ledger);
    if (isOfOwn) this.#world.count(`stepped down: ${reason.id}`);
    if (report.id === 'not-released' && report.why === 'not-ours') this.#checkNotOurs(ledger);
    const loss =
      report.id === 'lost'
        ? report.loss
        : report.id === 'stopping-command' && report.reason.id === 'lost'
          ? report.reason.loss
          : null;
    if (loss === null) return;
    this.#world.count(`loss: ${loss.id}`);
    ledger.saidLostAtMs ??= ledger.process.bootMs();
    // By a record of its own that somebody has edited or restored, which the ledger takes for its own.
    const mayBeEdited = this.#isBeyondLimits || this.#server.setBackAtMs > -Infinity;
    if (loss.id !== 'expired' && mayBeEdited) ledger.deposedAtMs ??= ledger.process.bootMs();
    if (loss.id === 'deposed') this.#checkDeposed(ledger);
    if (loss.id === 'went-back' && !ledger.hasFoundOlder)
      this.#world.break('nothing old deposes', `${ledger.author.name} has found nothing older`);
    if (loss.id === 'expired') this.#checkExpired(ledger, loss.jump !== null);
  }

  /** What the log says is true: a record that is left alone is not its own. */
  #checkNotOurs({ author }: Ledger): void {
    const { current, setBackAtMs } = this.#server;
    if (this.#isBeyondLimits || setBackAtMs > -Infinity) return;
    if (current?.write.author !== author || current.holder === '') return;
    this.#world.break(
      'what is said is true',
      `${author.name} says that its own record is another's`,
    );
  }

  /** Only a record that is newer than the last of ours can depose. */
  #checkDeposed({ author }: Ledger): void {
    // After a deletion by hand a create of our own, given up long ago, may land and be another's for all that we remember.
    // A restore brings back older records of its own term, which are others' for all that it remembers.
    if (this.#isBeyondLimits || this.#server.setBackAtMs > -Infinity) return;
    const last = this.#server.history.findLast(({ write }) => write.author !== author);
    const own = this.#server.history.findLast(({ write }) => write.author === author);
    const isNewer = (last?.resourceVersion ?? 0) > (own?.resourceVersion ?? 0);
    const another = this.#server.current;
    if (isNewer && another?.write.author !== author) return;
    this.#world.break(
      'nothing old deposes',
      `${author.name} says that it is deposed, but its own record is stored`,
    );
  }

  /** A leader that can reach the server tries: it does not let its lease run out. */
  #checkExpired(ledger: Ledger, isLate: boolean): void {
    const { process, settings, author } = ledger;
    const { nowMs } = this.#world;
    const quietMs = nowMs - (ledger.sends.at(-1) ?? -Infinity);
    const longestMs = 2 * settings.retryPeriodMs + settings.renewDeadlineMs / 3 + reactionMs;
    const wasHeldUp = isLate || nowMs - process.responsiveSinceMs < longestMs;
    const hasStarted = ledger.goAtMs !== null;
    if (!hasStarted || quietMs <= longestMs || wasHeldUp || !process.isResponsive) return;
    this.#world.break(
      'renewals go on',
      `${author.name} lost its lease after ${quietMs.toFixed(0)} ms without an attempt`,
    );
  }

  /** It goes on as another candidate would that was started now. */
  onRejoin(ledger: Ledger): void {
    const { author, stopRequestedAtMs, process } = ledger;
    if (isLeft(ledger.tree))
      this.#world.break('nothing is left', `${author.name} rejoins before its tree is gone`);
    if (stopRequestedAtMs !== null) {
      const text = `${author.name} rejoins though it had been told to stop`;
      const check = () => this.#world.break('no start after a stop', text);
      // Time comes first: where its term is over in the very turn in which it is told to stop, it rejoins and ends in that turn.
      if (stopRequestedAtMs < process.machine.bootMs()) check();
      else this.#world.whenSettled(() => process.isAlive && check());
    }
    this.leave(ledger);
  }

  /** The label goes first, and the stop waits for it a second at most; after a loss it does not wait. */
  #checkLabel(ledger: Ledger, stopAtMs: number): void {
    const { settings, labelAskedAtMs, isLabelGone, isAskedAgain, author } = ledger;
    if (settings.hasPodLabel !== true || isLabelGone || isAskedAgain) return;
    if (
      ledger.saidLostAtMs !== null ||
      ledger.lostAtMs !== null ||
      ledger.deposedAtMs !== null ||
      ledger.hasFoundOlder
    )
      return;
    // Without a guard nothing is waited for, and not for who asks once more.
    if (ledger.tree?.isUnguarded === true) return;
    const waitedMs = stopAtMs - (labelAskedAtMs ?? Infinity);
    if (waitedMs >= longestWithdrawalMs(ledger) - 0.001) return;
    this.#world.break(
      'label first',
      `${author.name} stops its command ${waitedMs.toFixed(0)} ms after it asked for its label to be gone`,
    );
  }

  /** Who steps down on request was asked to: in this very term, or by a preference that came within it. */
  #checkTransfer({ author, term }: Ledger): void {
    const isAsked = this.#server.history.some(
      ({ lease }) =>
        textOf(objectOf(metadataOf(lease)['annotations'])['leader-run/transfer']).includes(
          JSON.stringify(term),
        ) || textOf(specOf(lease)['preferredHolder']) !== '',
    );
    if (isAsked || this.#server.setBackAtMs > -Infinity) return;
    this.#world.break(
      'only this term is transferred',
      `${author.name} steps down though nobody asked its term to`,
    );
  }

  onOutcome(ledger: Ledger, outcome: Outcome): void {
    this.#world.count(`outcome: ${outcome.id}`);
    if (outcome.id === 'done') this.doneAtMs = this.#world.nowMs;
    if (isLeft(ledger.tree))
      this.#world.break('nothing is left', `${ledger.author.name} ended before its tree`);
  }

  onCrash(ledger: Ledger, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#world.break('no internal error', `${ledger.author.name}: ${text}`);
  }

  /** What has to hold at every instant. */
  check(): void {
    for (const ledger of this.#ledgers) ledger.noteTime();
    for (const tree of this.#living) {
      tree.excuse ??= this.#excuseOf(tree);
      this.#checkTree(tree);
    }
    if (this.#living.size > 1) this.#checkAlone();
  }

  /** Guard and leader-run are two: where both fail at once the tree can outlive its lease. */
  #excuseOf(tree: SimulatedTree): string | null {
    if (this.#ledgerOf(tree).process.isResponsive) return null;
    if (tree.isUnguarded) return 'its guard was killed, and leader-run was held up';
    // The guard's sleep stands still in suspend.
    const wasSuspended = tree.machine.awakeSinceMs > tree.madeAtMs;
    return wasSuspended ? 'its machine slept, and leader-run was held up' : null;
  }

  /** G1: no two trees at one instant; a machine that has just woken up has a moment to find out. */
  #checkAlone(): void {
    if (this.#isBeyondLimits) return;
    const running = [...this.#living].filter(
      (tree) =>
        tree.excuse === null &&
        !this.writes.isForgotten(this.#ledgerOf(tree).author) &&
        tree.machine.isAwake &&
        !this.#isJustAwake(tree),
    );
    if (running.length < 2 || running.some((tree) => this.#isExcused(tree))) return;
    const names = running.map(({ owner }) => owner).join(' and ');
    this.#world.break('G1', `the trees of ${names} run at the same time`);
  }

  #isJustAwake({ machine }: SimulatedTree): boolean {
    return this.#world.nowMs - machine.awakeSinceMs <= wakeReactionMs + killMarginMs;
  }

  /** What the README excepts: it was killed in time and does not die; two under one identity. */
  #isExcused(tree: SimulatedTree): boolean {
    if (tree.killedAtMs !== null && tree.behaviour.unkillableMs > 0) return true;
    const wasAdopted = this.#world.statistics.has('fault: client-go adopted an identity');
    return wasAdopted && this.#ledgerOf(tree).deposedAtMs !== null;
  }

  /** G2: stop signal and SIGKILL by their deadlines. */
  #checkTree(tree: SimulatedTree): void {
    const ledger = this.#ledgerOf(tree);
    ledger.noteTime();
    const { lostAtMs, deposedAtMs, settings } = ledger;
    if (tree.excuse !== null) return;
    if (lostAtMs !== null) {
      this.#checkStop(tree, ledger, lostAtMs, 'its lease was lost');
      this.#checkKill(tree, ledger, lostAtMs + settings.lossGraceMs, 'its lease was lost');
    }
    if (deposedAtMs !== null) {
      const graceMs = Math.min(settings.lossGraceMs, deposedGraceMs);
      this.#checkStop(tree, ledger, deposedAtMs, 'it was deposed');
      this.#checkKill(tree, ledger, deposedAtMs + graceMs, 'it was deposed');
    }
    if (ledger.labelAskedAtMs !== null) {
      const byMs = ledger.labelAskedAtMs + longestWithdrawalMs(ledger);
      this.#checkStop(tree, ledger, byMs, 'its label was waited for as long as it may be');
    }
    this.#checkGrace(tree, ledger);
    this.#checkGuard(tree, ledger);
  }

  /** A voluntary stop began with the first signal after "go", or with the end of the command. */
  #checkGrace(tree: SimulatedTree, ledger: Ledger): void {
    const { stopRequestedAtMs, endedAtMs, lostAtMs, deposedAtMs, saidLostAtMs, settings } = ledger;
    const stopAtMs = Math.min(stopRequestedAtMs ?? Infinity, endedAtMs ?? Infinity);
    // After a loss another grace counts. It may find that it lost before the ledger does, which knows of writes that it was not shown.
    if (stopAtMs >= Math.min(...[lostAtMs, deposedAtMs, saidLostAtMs].map((at) => at ?? Infinity)))
      return;
    this.#checkKill(tree, ledger, stopAtMs + settings.gracePeriodMs, 'its grace is over');
  }

  #checkStop(tree: SimulatedTree, ledger: Ledger, byMs: number, why: string): void {
    if (tree.stopSignalAtMs !== null || tree.killedAtMs !== null || tree.hasEnded) return;
    this.#checkReaction(ledger, byMs, `no stop signal though ${why}`);
  }

  #checkKill(tree: SimulatedTree, ledger: Ledger, byMs: number, why: string): void {
    if (tree.killedAtMs === null) this.#checkReaction(ledger, byMs, `no SIGKILL though ${why}`);
  }

  /** Has it had the time to react, all this while? */
  #checkReaction({ process, author }: Ledger, byMs: number, what: string): void {
    const byTrueMs = process.machine.trueMsAt(byMs);
    const { nowMs } = this.#world;
    if (nowMs <= byTrueMs + reactionMs || !process.isResponsive) return;
    if (nowMs - process.responsiveSinceMs <= reactionMs) return;
    if (nowMs - process.machine.awakeSinceMs <= wakeReactionMs) return;
    this.#world.break('G2', `${author.name}: ${what} ${(nowMs - byTrueMs).toFixed(1)} ms ago`);
  }

  /** Whatever becomes of leader-run, SIGKILL comes at D. */
  #checkGuard(tree: SimulatedTree, ledger: Ledger): void {
    if (tree.killedAtMs !== null) return;
    const { machine } = tree;
    const deadMs = killDeadlineMs(ledger.settings, ledger.confirmedMs);
    if (machine.bootMs() <= deadMs + 1 || !machine.isAwake) return;
    // The guard's sleep stands still in suspend.
    if (machine.suspendedMs() > 0 && this.#world.nowMs - machine.awakeSinceMs < 120_000) return;
    if (tree.isUnguarded) return;
    this.#world.break(
      'G2',
      `${ledger.author.name}: its tree lives past D by ${(machine.bootMs() - deadMs).toFixed(1)} ms`,
    );
  }

  #ledgerOf(tree: SimulatedTree): Ledger {
    const ledger = this.#byTree.get(tree);
    if (ledger === undefined) throw new Error(`No one started ${tree.owner}`);
    return ledger;
  }
}

function isLeft(tree: SimulatedTree | null): boolean {
  return tree !== null && tree.state !== 'dead' && tree.excuse === null;
}

/**
 * A write and a read before each pause, which is between half a retry period and a whole one, at random; and some more, because a minute
 * can have more of the short ones, and because the first pauses after a failure are shorter still.
 */
export function requestsPerMinute(retryPeriodMs: number): number {
  return 40 + Math.ceil(2 * (60_000 / (0.75 * retryPeriodMs)));
}

/** For how long the Pod's label may keep the stop signal back. */
function longestWithdrawalMs({ settings }: Ledger): number {
  return Math.min(1_000, settings.gracePeriodMs / 2);
}
