/**
 * What a candidate says: facts, not prose. `src/cli/messages.ts` makes one line of each.
 */
import type { Ending, ClockJump, ProcessName } from './event.ts';
import type { Failure } from './lease.ts';
import type { Run } from './runs.ts';

/** Why leadership was lost. */
export type Loss =
  /** R passed since the last confirmed renewal was sent. `lastFailure` is the last answer, if there was a failed one. */
  | {
      readonly id: 'expired';
      readonly sinceRenewalMs: number;
      readonly lastFailure: Failure | null;
      readonly jump: ClockJump | null;
    }
  /** The record names another holder, or our identity in a record that we did not write. */
  | { readonly id: 'deposed'; readonly holder: string }
  /** The API server shows a record older than ours that is not of this term: it went back in time. `holder` is empty where it is not held. */
  | {
      readonly id: 'went-back';
      readonly holder: string;
      readonly shownVersion: string;
      readonly newestVersion: string;
    };

/** Why a leader stops though nobody has asked leader-run itself. */
export type OwnReason =
  /** Someone asks for another leader by the Lease (null: for whoever comes first); `by` as they call themselves. */
  | { readonly id: 'transfer'; readonly to: string | null; readonly by: string }
  | { readonly id: 'max-term' };

/** Why the command has to stop. */
export type StopReason =
  | { readonly id: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly id: 'lost'; readonly loss: Loss }
  | OwnReason
  /** The command's guard is lost and could not be replaced: leading on would not be safe. */
  | { readonly id: 'unguarded'; readonly message: string };

/** Why the tree is killed. `remaining`: the command itself has ended, this is for what is left of its tree. */
export type KillReason = StopReason | { readonly id: 'remaining' };

export type Report =
  /** At the first read the lease was held. */
  | { readonly id: 'waiting'; readonly holder: string }
  /** While standby the holder changed. */
  | { readonly id: 'holder-changed'; readonly from: string; readonly to: string | null }
  /** The API server shows an older state than is known. Of all that may lead by now, `holder` is waited for longest. */
  | {
      readonly id: 'went-back';
      readonly holder: string;
      readonly shownVersion: string;
      readonly newestVersion: string;
      readonly waitsMs: number;
    }
  /** The lease was given back, but another holder, which has not released it, may still lead: that one is waited for. */
  | { readonly id: 'doubted'; readonly holder: string; readonly waitsMs: number }
  /** Someone has cleared the record, and it asks others to wait for `askedMs`: longer than it is worth. */
  | { readonly id: 'wait-bounded'; readonly askedMs: number; readonly waitsMs: number }
  | { readonly id: 'acquired'; readonly token: string; readonly transitions: number }
  | { readonly id: 'command-started'; readonly pid: number }
  /** A request failed while standby; said once per change of the failure. */
  | { readonly id: 'api-failed'; readonly failure: Failure }
  /** The API server answers again after `api-failed`. */
  | { readonly id: 'api-recovered' }
  /** A renewal failed; the command will be stopped in `stopsInMs` if none succeeds. Said once per change of the failure. */
  | {
      readonly id: 'renewal-failed';
      readonly failure: Failure;
      readonly sinceRenewalMs: number;
      readonly stopsInMs: number;
    }
  | { readonly id: 'renewed'; readonly sinceRenewalMs: number }
  /** The record was cleared or deleted by someone; we put ourselves back. */
  | { readonly id: 'restoring'; readonly what: 'cleared' | 'deleted' }
  | {
      readonly id: 'stopping-command';
      readonly reason: StopReason;
      readonly pid: number;
      readonly killsInMs: number;
    }
  | {
      readonly id: 'killing-tree';
      readonly reason: KillReason;
      readonly pid: number;
      readonly afterMs: number;
    }
  | {
      readonly id: 'command-ended';
      readonly pid: number;
      readonly ending: Ending;
    }
  /** The command has ended, and what it left behind is stopped. `ranForMs`: it ended well and by itself after so long. */
  | {
      readonly id: 'stopping-remaining';
      readonly processes: readonly ProcessName[];
      readonly ranForMs: number | null;
    }
  | {
      readonly id: 'tree-lingering';
      readonly pids: readonly number[];
      readonly keepsRenewing: boolean;
    }
  | { readonly id: 'released' }
  /** The lease is given back before there was a command. */
  | { readonly id: 'not-starting'; readonly reason: OwnReason }
  /** The lease was lost or given back, and this candidate is standby again; it takes no free lease for so long. */
  | { readonly id: 'rejoining'; readonly staysOutMs: number }
  /** Not released: `why` is a failure of the API, or the record is no longer ours. The lease expires by itself. */
  | { readonly id: 'not-released'; readonly why: Failure | 'not-ours' }
  /** Leadership ended before there was a command, so nothing had to be stopped. */
  | { readonly id: 'lost'; readonly loss: Loss }
  /** The Lease remembers a run that makes this one needless. */
  | { readonly id: 'done'; readonly run: Run }
  /** The release says that this run counts. */
  | { readonly id: 'recorded'; readonly key: string }
  /** It succeeded and will be run again: the record was no longer ours, the API server did not confirm it, or we stopped the command. */
  | {
      readonly id: 'not-recorded';
      readonly key: string;
      readonly why: 'not-ours' | 'unconfirmed' | 'stopped';
    }
  | { readonly id: 'not-acquired'; readonly holder: string | null; readonly waitedMs: number }
  /** The watch does not work; polling takes over. `forbidden`: RBAC lacks `watch`. */
  | { readonly id: 'polling'; readonly why: Failure | 'forbidden' }
  /** The watch works again. */
  | { readonly id: 'watching' };

/** How leader-run ends; `main.ts` makes an exit status of it. */
export type Outcome =
  /** The command's own status. */
  | { readonly id: 'command'; readonly ending: Ending }
  | { readonly id: 'lost' }
  | { readonly id: 'not-acquired' }
  /** Another run makes this one needless: --done-exit-code. */
  | { readonly id: 'done' }
  /** Ended by a signal before any command was started: 128+n. */
  | { readonly id: 'interrupted'; readonly signal: NodeJS.Signals }
  /** leader-run itself failed: 125. */
  | {
      readonly id: 'failed';
      readonly why:
        | Failure
        | { readonly reason: 'command'; readonly message: string }
        /** Whether the run is done cannot be told (`once.ts`). */
        | { readonly reason: 'runs-unreadable' }
        | { readonly reason: 'runs-forgotten' }
        | { readonly reason: 'runs-ahead' }
        | { readonly reason: 'no-server-time' };
    };
