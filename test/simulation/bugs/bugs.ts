/**
 * Bugs that leader election is known for, from other programs and from this one, each in the form that it would have here. The
 * simulator has to find every one of them: `npm run test:sim:bugs`.
 */
import type { Bug, Edit } from './bug.ts';
import {
  clearedAndTaken,
  clearedUnderASuccessor,
  editedSinceARestore,
  forgottenRuns,
  heardAndRestored,
  lateStart,
  leftBehindAndKilled,
  olderIsARelease,
  restoredTwice,
  restoredTwiceUnderALeader,
  unseenAndCleared,
} from './stages.ts';

/**
 * leader-run's own invariants taken out, so that a bug is found by the judges, which know nothing of them. It goes before
 * the edits of the bug.
 */
export const withoutOwnChecks: Edit = {
  file: 'src/election/step.ts',
  search: '  checkStep({ before, event, after: state, effects, nowMs: turn.nowMs });\n',
  replace: '  void checkStep;\n',
};

export const classicBugs: readonly Bug[] = [
  {
    id: 'validity-from-response',
    what: 'the lease is valid from the response on, not from the send',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/renewing.ts',
        search: 'confirmed: sent, unanswered: []',
        replace: 'confirmed: { ...sent, sentAtMs: turn.nowMs }, unanswered: []',
      },
      {
        file: 'src/election/renewing.ts',
        search: 'killDeadlineMs(candidate, sent.sentAtMs)',
        replace: 'killDeadlineMs(candidate, turn.nowMs)',
      },
      {
        file: 'src/election/leading.ts',
        search: 'confirmed: sent,',
        replace: 'confirmed: { ...sent, sentAtMs: turn.nowMs },',
      },
    ],
  },
  {
    id: 'release-before-death',
    what: 'the lease is released when the command has ended, while others of its tree live',
    breaks: 'G3',
    edits: [
      {
        file: 'src/election/command-events.ts',
        search: 'return noteEnding(state, event.ending, turn);',
        replace: `if (state.id === 'losing') return noteEnding(state, event.ending, turn);
      return finishSteppingDown(noteEnding(state, event.ending, turn), turn);`,
      },
    ],
  },
  {
    id: 'release-by-stale-belief',
    what: 'whatever record is found is released',
    breaks: 'G3',
    edits: [
      {
        file: 'src/election/releasing.ts',
        search: 'if (isNews) return refuse(state, lease, turn);',
        replace: 'if (isNews) return proceed(withOwn(state, lease, readRecord(lease)), turn);',
      },
    ],
  },
  {
    id: 'take-over-by-remote-time',
    what: 'a holder has expired when its renewTime is old by our wall clock',
    breaks: 'no take-over of an unexpired lease',
    edits: [
      {
        file: 'src/election/observed-lease.ts',
        search: 'sinceMs: isUnchanged ? current.sinceMs : at.bootMs,',
        replace:
          "sinceMs: at.bootMs - Math.max(0, at.wallMs - (parseTimeMs(record.renewTime ?? '') ?? at.wallMs)),",
      },
    ],
  },
  {
    id: 'own-lease-duration',
    what: 'a holder has expired after our lease duration, whatever its record says',
    breaks: 'no take-over of an unexpired lease',
    edits: [
      {
        file: 'src/election/observed-lease.ts',
        search: 'current.sinceMs + Math.max(leaseDurationMs, lastHolder.leaseDurationMs)',
        replace: 'current.sinceMs + leaseDurationMs',
      },
    ],
  },
  {
    id: 'no-resource-version',
    what: 'a take-over names no resourceVersion',
    breaks: 'no take-over of an unexpired lease',
    edits: [
      {
        file: 'src/election/acquiring.ts',
        search: "const lease = current.id === 'present' ? current.lease : null;",
        replace: `const lease = current.id === 'present'
          ? ({ ...current.lease, metadata: { ...(current.lease['metadata'] as object), resourceVersion: undefined } } as unknown as RawLease)
          : null;`,
      },
    ],
  },
  {
    id: 'overlapping-attempts',
    what: 'the next renewal is sent while the one before is under way',
    breaks: 'one request at a time',
    edits: [
      {
        file: 'src/election/renewing.ts',
        search: `  if (turn.nowMs < requestState.expiresAtMs) return state;
  abandon(requestState, turn);`,
        replace: '  if (turn.nowMs < requestState.expiresAtMs) return state;',
      },
    ],
  },
  {
    id: 'no-renewal-while-stopping',
    what: 'renewals stop during a voluntary stop',
    breaks: 'renewals go on',
    edits: [
      {
        file: 'src/election/stepping-down.ts',
        search: 'return advanceRenewal(killWhenDue(told, killReasonOf(told), turn), turn);',
        replace: 'return killWhenDue(told, killReasonOf(told), turn);',
      },
      {
        file: 'src/election/stepping-down.ts',
        search: '    renewalDeadlineMs(state),\n    stopMs,',
        replace: '    stopMs,',
      },
    ],
  },
  {
    id: 'late-answer-revives',
    what: 'an answer that comes after the renew deadline revives the leadership',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/step.ts',
        search: 'isEnding ? before',
        replace: "isEnding || event.id === 'answer' ? before",
      },
    ],
  },
  {
    id: 'no-recheck-before-spawn',
    what: 'the command is started however old the winning write is',
    breaks: 'start early',
    edits: [
      {
        file: 'src/election/leading.ts',
        search: 'if (turn.nowMs >= sentAtMs + candidate.renewDeadlineMs / 2)',
        replace: 'if (turn.nowMs >= sentAtMs + candidate.renewDeadlineMs)',
      },
    ],
  },
  {
    id: 'cleared-taken-at-once',
    what: 'an empty holder counts as a release, whoever made it empty',
    breaks: 'no take-over of an unexpired lease',
    edits: [
      {
        file: 'src/election/observed-lease.ts',
        search: 'if (record.term === null) return true;',
        replace: 'if (record.holder === "") return true;',
      },
    ],
  },
  {
    id: 'own-identity-believed',
    what: 'any record under our own identity counts as ours',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/classify-record.ts',
        search: "if (record.holder !== '') return { id: 'foreign', holder: record.holder };",
        replace: `if (record.holder === tenure.confirmed.holder) return { id: 'unchanged' };
  if (record.holder !== '') return { id: 'foreign', holder: record.holder };`,
      },
    ],
  },
  {
    id: 'late-event-deposes',
    what: 'a watch event that is older than our own record deposes',
    breaks: 'nothing old deposes',
    edits: [
      {
        file: 'src/election/renewing.ts',
        search: 'return { ...state, tenure: withOlder(tenure, lease, turn) };',
        replace: "return lose(state, { id: 'deposed', holder: 'another' }, turn);",
      },
    ],
  },
];

/** Bugs that the simulator, or the review of the stories, found in this program. */
/** Bugs that a lock which remembers what was done could have. */
const onceBugs: readonly Bug[] = [
  {
    id: 'own-start-is-done',
    what: 'a start of our own, by an attempt that was given up, counts as a run',
    breaks: 'once',
    edits: [
      {
        file: 'src/election/once.ts',
        search: '? withoutStart(runs, identity) : runs;',
        replace: '? runs : runs;',
      },
    ],
  },
  {
    id: 'once-judged-when-waiting-only',
    what: 'a lease that is free is taken without a look at what is remembered',
    breaks: 'once',
    edits: [
      {
        file: 'src/election/once.ts',
        search: "if (once === null || current.id === 'nothing')",
        replace: "if (once === null || current.id !== 'present' || current.isReleased)",
      },
    ],
  },
  {
    id: 'once-start-recorded-too-late',
    what: 'a start is remembered by the release, not by the write that acquires',
    breaks: 'once',
    edits: [
      {
        file: 'src/election/once.ts',
        search: "if (once?.counts !== 'start') return {};",
        replace: "if (once?.counts !== 'start' || turn.nowMs > 0) return {};",
      },
    ],
  },
  {
    id: 'once-any-end-counts',
    what: 'a run that failed is remembered as done',
    breaks: 'once',
    edits: [
      {
        file: 'src/election/once.ts',
        search: "outcome.ending.id === 'exited' && outcome.ending.code === 0",
        replace: "outcome.ending.id === 'exited'",
      },
    ],
  },
  {
    id: 'once-stopped-counts',
    what: 'a run that was stopped half-way is remembered as done if it ended with 0',
    breaks: 'once',
    edits: [
      {
        file: 'src/election/once.ts',
        search: "state.id === 'stepping-down' && state.cause.id !== 'own-end'",
        replace: 'state.id !== state.id',
      },
    ],
  },
  {
    id: 'once-forgotten-is-undone',
    what: 'what was remembered and forgotten again between two looks is run again',
    breaks: 'once',
    edits: [
      {
        file: 'src/election/once.ts',
        search: "once.id === 'key' && standby.mayHaveMissedRuns",
        replace: 'false',
      },
    ],
    stage: forgottenRuns,
  },
];

/** Bugs of how terms end and begin again. */
const termBugs: readonly Bug[] = [
  {
    id: 'transfer-of-any-term',
    what: 'a request to transfer the lease is obeyed by whoever holds it',
    breaks: 'only this term is transferred',
    edits: [
      {
        file: 'src/election/transfer.ts',
        search: "asked['term'] === own ? toRequest(asked) : null",
        replace: "'term' in asked && own !== '' ? toRequest(asked) : null",
      },
    ],
  },
  {
    id: 'transfer-is-a-release',
    what: 'a lease of which somebody has asked for a transfer is taken as if it had been released',
    breaks: 'no take-over of an unexpired lease',
    edits: [
      {
        file: 'src/election/observed-lease.ts',
        search: 'wasReleased || own !== undefined || isReleased(record, namedTerm)',
        replace: `wasReleased || own !== undefined || isReleased(record, namedTerm) ||
      JSON.stringify(lease).includes('leader-run/transfer')`,
      },
    ],
  },
  {
    id: 'transfer-releases-early',
    what: 'who is asked for a transfer releases when its command has ended, before the tree is gone',
    breaks: 'G3',
    edits: [
      {
        file: 'src/election/command-events.ts',
        search: 'return noteEnding(state, event.ending, turn);',
        replace: `if (state.id === 'stepping-down' && state.cause.id === 'transfer')
        return finishSteppingDown(noteEnding(state, event.ending, turn), turn);
      return noteEnding(state, event.ending, turn);`,
      },
    ],
  },
  {
    id: 'rejoin-after-a-stop',
    what: 'a candidate that was told to stop while it lost its lease rejoins the election',
    breaks: 'no start after a stop',
    edits: [
      {
        file: 'src/election/losing.ts',
        search:
          "return outcome?.id === 'rejoin' ? { ...losing, outcome: { id: 'lost' } } : losing;",
        replace: 'void outcome;\n  return losing;',
      },
    ],
  },
  {
    id: 'warm-promoted-too-late',
    what: 'a warm command is promoted by the clock of the turn, though leader-run was held up since',
    breaks: 'start early',
    edits: [
      {
        file: 'src/command/warm-supervisor.ts',
        search:
          'if (this.#promotion === null || clock.bootMs() >= killAtMs - this.#promotion.marginMs) return;',
        replace: 'void clock;\n    if (this.#promotion === null) return;',
      },
    ],
  },
  {
    id: 'warm-promoted-before-the-guard',
    what: 'a warm command is promoted before the guard knows when to kill it',
    breaks: 'guard first',
    edits: [
      {
        file: 'src/command/warm-supervisor.ts',
        search: '    this.#inner.extend(killAtMs);\n    const { clock',
        replace: '    const { clock',
      },
      {
        file: 'src/command/warm-supervisor.ts',
        search: 'this.#inner.promote(this.#promotion.line, promoteSignal);',
        replace:
          'this.#inner.promote(this.#promotion.line, promoteSignal);\n    this.#inner.extend(killAtMs);',
      },
    ],
  },
  {
    id: 'label-not-waited-for',
    what: 'the stop signal does not wait for the label',
    breaks: 'label first',
    edits: [
      {
        file: 'src/election/stepping-down.ts',
        search: "const waits = hasPodLabel && stop !== null && cause.id !== 'unguarded';",
        replace: "const waits = hasPodLabel && stop !== null && cause.id === 'max-term';",
      },
    ],
  },
  {
    id: 'label-waited-for-too-long',
    what: 'the stop signal waits for the label for almost all of the grace',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/stepping-down.ts',
        search: 'Math.min(longestWithdrawalMs, gracePeriodMs / 2)',
        replace: '0.9 * gracePeriodMs',
      },
    ],
  },
  {
    id: 'label-hides-the-loss',
    what: 'a command whose stop signal waits for the label gets none when the lease is lost meanwhile',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/losing.ts',
        search: "if (killed.killAtMs !== null && command.id !== 'ended')",
        replace: `const isWaiting = state.id === 'stepping-down' && state.pendingStop !== null;
  if (killed.killAtMs !== null && command.id !== 'ended' && !isWaiting)`,
      },
    ],
  },
  {
    id: 'label-delays-the-kill',
    what: 'the grace counts from the stop signal, which waits for the label',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/stepping-down.ts',
        search: 'killAtMs: turn.nowMs + gracePeriodMs,',
        replace: 'killAtMs: turn.nowMs + gracePeriodMs + (waits ? withdrawalMs : 0),',
      },
    ],
  },
];

const foundBugs: readonly Bug[] = [
  {
    id: 'conflict-forgets-write',
    what: 'a renewal that landed though it was answered 409 is taken for another holder',
    breaks: 'nothing old deposes',
    edits: [
      {
        file: 'src/election/renewing.ts',
        search: '{ ...withPendingWrite(state), ...startReading',
        replace: '{ ...state, ...startReading',
      },
    ],
  },
  {
    id: 'event-is-no-evidence',
    what: 'a leader whose answers are lost does not believe the events that show its renewals',
    breaks: 'G2',
    stage: heardAndRestored,
    edits: [
      {
        file: 'src/election/renewing.ts',
        search: "if (recordClass.id === 'landed') {",
        replace: `if (requestState.id !== 'idle' && recordClass.id === 'landed') return state;
  if (recordClass.id === 'landed') {`,
      },
    ],
  },
  {
    id: 'read-beside-write',
    what: 'a standby sends its write while its read is still under way',
    breaks: 'one request at a time',
    edits: [
      {
        file: 'src/election/standby.ts',
        search:
          "if (requestState.id === 'reading' || next.id === 'leading') abandon(requestState, turn);",
        replace: "if (next.id === 'leading') abandon(requestState, turn);",
      },
    ],
  },
  {
    id: 'withdrawal-forgets-transitions',
    what: 'a withdrawn candidacy that had won is released with no transitions',
    breaks: 'leaseTransitions count holders',
    edits: [
      {
        file: 'src/election/releasing.ts',
        search: 'onJoined(state, answer.lease, requestState.sent, turn)',
        replace: 'writeAgain({ ...state, lease: answer.lease }, turn)',
      },
    ],
  },
  {
    id: 'attempt-beside-renewal',
    what: 'a renewal is sent while an acquiring attempt is still under way',
    breaks: 'one request at a time',
    edits: [
      {
        file: 'src/election/standby.ts',
        search:
          "if (requestState.id === 'reading' || next.id === 'leading') abandon(requestState, turn);",
        replace: "if (requestState.id === 'reading') abandon(requestState, turn);",
      },
    ],
  },
  {
    id: 'successor-cleared',
    what: "a record that client-go emptied is taken at once as it is not the last holder's that was seen",
    breaks: 'no take-over of an unexpired lease',
    stage: unseenAndCleared,
    edits: [
      {
        file: 'src/election/observed-lease.ts',
        search: 'isReleased(record, namedTerm);',
        replace:
          'isReleased(record, record.term === (lastHolder?.term ?? record.term) ? null : record.term);',
      },
    ],
  },
  {
    id: 'any-answer-confirms',
    what: 'any Lease that a write is answered with confirms it',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/writing.ts',
        search: 'if (hasAnnotations && isStoredWhole(answer, sent)) return null;',
        replace:
          'if (isNewerThan(answer, sent.overVersion) || !isStoredWhole(answer, { ...sent, overVersion: null })) return null;',
      },
    ],
  },
  {
    id: 'echo-confirms',
    what: 'an answer with the record that was sent confirms it, though nothing newer is stored',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/writing.ts',
        search: 'if (hasAnnotations && isStoredWhole(answer, sent)) return null;',
        replace: 'if (isStoredWhole(answer, { ...sent, overVersion: null })) return null;',
      },
    ],
  },
  {
    id: 'cut-times-are-not-ours',
    what: 'a record of which a webhook has cut the times is taken for another holder',
    breaks: 'nothing old deposes',
    edits: [
      {
        file: 'src/election/record.ts',
        search: 'const kept = from.fraction.slice(0, digits)',
        replace: 'const kept = from.fraction.slice(0)',
      },
    ],
  },
  {
    id: 'older-is-a-release',
    what: 'a standby takes an older state, in which the lease is not held, for a release',
    breaks: 'no take-over of an unexpired lease',
    stage: olderIsARelease,
    edits: [
      {
        file: 'src/election/doubts.ts',
        search: 'if (isOlder(lease, lastHolder)) return true;',
        replace: 'if (isOlder(lease, lastHolder)) return false;',
      },
    ],
  },
  {
    id: 'taken-while-cleared',
    what: 'a holder whose record was cleared is forgotten when a client-go takes the lease',
    breaks: 'G1',
    stage: clearedAndTaken,
    edits: [
      {
        file: 'src/election/doubts.ts',
        search: 'doubtful.push(namedHolder(lease, record, lastHolder));',
        replace: 'void namedHolder;',
      },
    ],
  },
  {
    id: 'newer-version-of-an-older-state',
    what: 'a state counts as newer by its version, though its count of transitions shows that the server went back',
    breaks: 'no take-over of an unexpired lease',
    stage: editedSinceARestore,
    edits: [
      {
        file: 'src/election/doubts.ts',
        search: 'return record.transitions < lastHolder.transitions + (isChange ? 1 : 0);',
        replace: 'return isChange && record.transitions < 0;',
      },
    ],
  },
  {
    id: 'late-means-nothing',
    what: 'a holder that only an event of an older version showed is forgotten',
    breaks: 'no take-over of an unexpired lease',
    edits: [
      {
        file: 'src/election/standby.ts',
        search:
          'noteOlderEvent(\n    { ...standby.observed, current },\n    lease,\n    observerOf(standby, turn),\n  )',
        replace: '{ ...standby.observed, current }',
      },
    ],
    stage: restoredTwice,
  },
  {
    id: 'older-is-only-late',
    what: "a leader leads on though the server shows an older record that is another's",
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/classify-record.ts',
        search: 'if (isOfTerm(record, tenure.confirmed) || isToldAgain(tenure, lease))',
        replace: 'if (order !== null)',
      },
    ],
  },
  {
    id: 'late-start-without-pause',
    what: 'a renewal before a late start of the command does not keep the pauses of writes that lead to nothing',
    breaks: 'bounded work',
    stage: lateStart,
    edits: [
      {
        file: 'src/election/leading.ts',
        search: 'turn.nowMs >= leading.requestState.writableAtMs',
        replace: 'leading.requestState.failures === 0',
      },
    ],
  },
  {
    id: 'taken-over-in-the-same-second',
    what: 'a record under its own identity is taken over by one that client-go does not see to be another',
    breaks: 'each renewal is seen',
    rareSeed: '62004808',
    edits: [
      {
        file: 'src/election/acquiring.ts',
        search: '< 1000 ? [record] : []',
        replace: '< 1000 ? [] : []',
      },
    ],
  },
  {
    id: 'overtaken-and-yet-won',
    what: 'an attempt wins though another was seen to win before',
    breaks: 'G1',
    rareSeed: '271005629',
    edits: [
      {
        file: 'src/election/attempts.ts',
        search: 'isNewerThan(current.lease, requestState.sent.overVersion)',
        replace:
          'isNewerThan(current.lease, requestState.sent.overVersion) && requestState.rounds < 0',
      },
    ],
  },
  {
    id: 'older-event-is-forgotten',
    what: "a leader creates the Lease again though an event has shown it in another's hands",
    breaks: 'no take-over of an unexpired lease',
    edits: [
      {
        file: 'src/election/renewing.ts',
        search: "if (recordClass.id !== 'older')",
        replace: "if (recordClass.id !== 'cleared')",
      },
    ],
    stage: restoredTwiceUnderALeader,
  },
  {
    id: 'another-since-the-term-began',
    what: 'a leader takes it for late that another has held the lease since its term began',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/classify-record.ts',
        search: "isProof: record.holder !== '' && began > 0",
        replace: "isProof: record.holder !== '' && began > 1",
      },
    ],
  },
  {
    id: 'created-again-as-if-deleted',
    what: 'a leader leads on when the Lease that it has created again has an older version',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/classify-record.ts',
        search: 'if (sent?.overVersion === null && (order ?? 1) <= 0)',
        replace: 'if (sent?.overVersion === null && (order ?? 1) < -1)',
      },
    ],
  },
  {
    id: 'rounds-without-a-pause',
    what: 'conflicts follow each other at once, without end',
    breaks: 'bounded work',
    edits: [
      {
        file: 'src/election/retrying.ts',
        search: 'const writableAtMs = rounds < mostHastyRounds ?',
        replace: 'const writableAtMs = rounds > 0 ?',
      },
    ],
  },
  {
    id: 'own-record-disowned',
    what: 'a release that conflicts is given up without a read of the record, which is our own',
    breaks: 'what is said is true',
    edits: [
      {
        file: 'src/election/releasing.ts',
        search: 'return read(withPendingWrite(state), turn);',
        replace: 'return refuse(state, state.lease ?? {}, turn);',
      },
    ],
  },
  {
    id: 'loss-is-not-hastened',
    what: 'a command that is being stopped because its lease ran out has all its grace though another leads',
    breaks: 'G2',
    edits: [
      {
        file: 'src/election/losing.ts',
        search:
          "return hasten(losing, { id: 'deposed', holder: recordClass.holder }, lease, turn);",
        replace: 'return losing;',
      },
    ],
  },
  {
    id: 'label-is-a-lost-race',
    what: 'whose write on a released lease fails as a label was edited waits for a winner that there is not',
    breaks: 'G4',
    edits: [
      {
        file: 'src/election/standby.ts',
        search: 'if (hasLostAttempt(standby) || isDeleted)',
        replace: 'if (loser.requestState.rounds < 0)',
      },
    ],
  },
  {
    id: 'free-state-is-cleared',
    what: 'a free state that the server has gone back to, and that edits have made newer, is taken for a record that was cleared',
    breaks: 'no take-over of an unexpired lease',
    rareSeed: '220068856',
    edits: [
      {
        file: 'src/election/classify-record.ts',
        search: 'isOfTerm(record, confirmed) || record.transitions >= confirmed.transitions',
        replace: 'isOfTerm(record, confirmed) || record.transitions >= 0',
      },
    ],
  },
  {
    id: 'blank-hides-the-duration',
    what: 'who comes after a blank waits for its own lease duration, though the cleared leader has a longer one',
    breaks: 'no take-over of an unexpired lease',
    rareSeed: '6572',
    edits: [
      {
        file: 'src/election/doubts.ts',
        search: 'Math.max(termDurationMs ?? 0, knownMs)',
        replace: 'Math.max(termDurationMs === null ? 0 : 0, knownMs)',
      },
    ],
  },
];

/** Bugs in how the tree is kept, each in the form that it would have here. */
const treeBugs: readonly Bug[] = [
  {
    id: 'orphans-are-non-members',
    what: 'an orphan that was never seen with its parents is no member',
    breaks: 'G3',
    edits: [
      {
        file: 'src/command/tree/judge-tree.ts',
        search: "return { kind: 'member', isCertain: false };",
        replace: 'return noDescendant;',
      },
    ],
  },
  {
    id: 'memory-lost',
    what: 'what a process was is forgotten from one scan to the next',
    breaks: 'G3',
    edits: [
      {
        file: 'src/command/tree/descendants.ts',
        search: '      this.#memory = memory;',
        replace: '      void memory;',
      },
    ],
  },
  {
    id: 'zombie-leader-is-dead',
    what: 'a process whose main thread has ended is taken for dead while others of its threads run',
    breaks: 'G3',
    edits: [
      {
        file: 'src/process/process-table.ts',
        search: "return !'ZXx'.includes(state) || threads > 1;",
        replace: "return !'ZXx'.includes(state) || threads > 1e9;",
      },
    ],
  },
  {
    id: 'guard-not-told',
    what: 'the guard is not told of daemons',
    breaks: 'G2',
    edits: [
      {
        file: 'src/command/tree/judge-tree.ts',
        search: 'return members.filter((member) => !descendants.has(member.pid));',
        replace: 'return members.filter((member) => !descendants.has(member.pid)).slice(0, 0);',
      },
    ],
  },
  {
    id: 'gone-with-the-command',
    what: 'the tree is gone when the command has ended, whoever is left',
    breaks: 'G3',
    edits: [
      {
        file: 'src/command/tree/tree-reaper.ts',
        search: 'this.#isOver = left?.length === 0;',
        replace: 'this.#isOver = true;',
      },
    ],
  },
  {
    id: 'no-second-scan',
    what: 'a process that was adopted from one that was dead when the scan read it is not found',
    breaks: 'G3',
    edits: [
      {
        file: 'src/command/tree/descendants.ts',
        search: 'if (!this.#reapDead(rows, started)) return members;',
        replace: 'this.#reapDead(rows, started); return members;',
      },
    ],
  },
  {
    id: 'missed-is-forgotten',
    what: 'what a process was is forgotten when a scan misses it, because its parent ended in the middle',
    breaks: 'G2',
    rareSeed: '130012373',
    edits: [
      {
        file: 'src/command/tree/descendants.ts',
        search: 'subreaper.read(this.#memory)',
        replace: 'subreaper.read(new Map())',
      },
    ],
  },
  {
    id: 'no-scan-of-what-is-left',
    what: 'what the command leaves behind is not told to the guard, because it was scanned when the command ended',
    breaks: 'G2',
    stage: leftBehindAndKilled,
    edits: [
      {
        file: 'src/command/tree/descendants.ts',
        search:
          '!children.some((pid) => pid === this.#command) || !children.every((pid) => started.has(pid))',
        replace: 'this.#command !== null && !children.every((pid) => started.has(pid))',
      },
    ],
  },
];

/** Bugs that a designated successor could have. */
const successorBugs: readonly Bug[] = [
  {
    id: 'successor-is-waited-for',
    what: 'the lease is left to the designated successor until it comes, dead or alive',
    breaks: 'a candidate leads',
    edits: [
      {
        file: 'src/election/transfer.ts',
        search: 'Math.min(Math.max(headStartMs, 0), longestHeadStartMs)',
        replace: '(headStartMs < 1_000 ? Infinity : headStartMs)',
      },
    ],
  },
  {
    id: 'successor-takes-what-is-empty',
    what: 'the designated successor takes a lease without a holder, whoever emptied it',
    breaks: 'no take-over of an unexpired lease',
    stage: clearedUnderASuccessor,
    edits: [
      {
        file: 'src/election/acquiring.ts',
        search: 'return Math.max(freeMs, backOffUntilMs,',
        replace: `const { current } = observed;
  const isSuccessor = JSON.stringify(current).includes(JSON.stringify('{"to":"' + candidate.identity).slice(1, -1));
  if (current.id === 'present' && current.record.holder === '' && isSuccessor) return requestState.writableAtMs;
  return Math.max(freeMs, backOffUntilMs,`,
      },
    ],
  },
  {
    id: 'successor-over-any-version',
    what: 'the successor is entered over whatever version is stored, so that it brings an old record back',
    breaks: 'no take-over of an unexpired lease',
    edits: [
      {
        file: 'src/election/successor.ts',
        search: 'const body = withAnnotations(lease, { [successorAnnotation]: successor });',
        replace: `const whole = withAnnotations(lease, { [successorAnnotation]: successor });
  const body = { ...whole, metadata: { ...(whole['metadata'] as object), resourceVersion: undefined } } as unknown as RawLease;`,
      },
    ],
  },
];

export const allBugs: readonly Bug[] = [
  ...classicBugs,
  ...foundBugs,
  ...onceBugs,
  ...termBugs,
  ...successorBugs,
  ...treeBugs,
];
