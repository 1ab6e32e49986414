/**
 * What `--once` promises: a key whose run has succeeded, and was given back in order, is not run again; where starts count, no key
 * is started twice; what is recorded was run by the holder of that token; and what is said to be done was stored, and is no start of its own.
 */
import type { Ending } from '../../src/election/event.ts';
import { type Run, readRuns } from '../../src/election/runs.ts';
import { type Ledger, processOf } from './ledger.ts';
import type { Author, Server, Version } from './server.ts';
import type { World } from './world.ts';

export class OnceJudge {
  readonly #world: World;
  readonly #server: Server;
  readonly #isBeyondLimits: boolean;
  /** Whose run has made the key done, by key. */
  readonly #done = new Map<string, string>();
  /** Who has started the command, by fencing token. */
  readonly #starts = new Map<string, Ledger>();

  constructor(world: World, server: Server, isBeyondLimits: boolean) {
    this.#world = world;
    this.#server = server;
    this.#isBeyondLimits = isBeyondLimits;
  }

  /** "Go" is said. */
  onStart(ledger: Ledger, token: string): void {
    const { once = null } = ledger.settings;
    if (once?.id !== 'key') return;
    this.#starts.set(token, ledger);
    const done = this.#done.get(once.key);
    if (done !== undefined) this.#break(`${ledger.author.name} runs "${once.key}" after ${done}`);
    if (once.counts === 'start') this.#done.set(once.key, ledger.author.name);
  }

  /** It ends, because of this run. */
  onDone({ author, settings }: Ledger, run: Run): void {
    if (settings.once?.id !== 'key') return;
    const isSame = ({ start, by }: Run) => start === run.start && by === run.by;
    const stored = this.#server.history.find(({ lease }) => readRuns(lease)?.some(isSame) === true);
    const name = processOf(author);
    if (stored === undefined)
      return this.#break(`${name} says of a run that no one has stored that it is done`);
    const isOwn = processOf(stored.write.author) === name;
    const hasStarted = [...this.#starts.values()].some((each) => processOf(each.author) === name);
    // Where a client-go of its identity has gone on with what it had left, it cannot know that.
    const isAsLeft = this.#server.current?.write.author === stored.write.author;
    if (run.token === null && isOwn && isAsLeft && !hasStarted)
      this.#break(`${name} takes a start of its own that came to nothing for a run`);
  }

  onCommit(before: Version | null, after: Version, author: Author): void {
    if (after.isDeletion || author.kind !== 'leader-run') return;
    this.#checkRecorded(before, after);
    if (after.holder !== '') return;
    for (const ledger of this.#starts.values())
      if (ledger.author === author) this.#onRelease(ledger);
  }

  /** A run that ended well, by a leader that knew of no loss and had not begun to stop it, and was released. */
  #onRelease({ settings, author, tree, lostAtMs, deposedAtMs, saidStopping }: Ledger): void {
    const { once = null } = settings;
    if (once?.id !== 'key') return;
    // "Go" was said too late, and the gate refused: nothing has started, and nothing ended well.
    if (tree?.isRefused === true) {
      if (this.#done.get(once.key) === author.name) this.#done.delete(once.key);
      return;
    }
    if (once.counts !== 'success' || saidStopping) return;
    // Without its guard it was told to stop, and what it ended with is no success.
    if (tree?.isUnguarded === true) return;
    if (!hasSucceeded(tree?.ending ?? null) || lostAtMs !== null || deposedAtMs !== null) return;
    this.#world.count('runs that are done');
    this.#done.set(once.key, author.name);
  }

  #checkRecorded(before: Version | null, after: Version): void {
    const known = new Set(readRuns(before?.lease ?? null)?.map(({ token }) => token));
    for (const { key, token } of readRuns(after.lease) ?? []) {
      if (token === null || known.has(token)) continue;
      const ledger = this.#starts.get(token);
      const { once = null } = ledger?.settings ?? {};
      const { ending = null } = ledger?.tree ?? {};
      const isSuccess = hasSucceeded(ending) && ledger?.wasToldToStop === false;
      const counts = once?.counts === 'start' || isSuccess;
      if (once?.id === 'key' && once.key === key && counts) continue;
      this.#break(`"${key}" is recorded with token ${token}, by which it was not run, or not well`);
    }
  }

  #break(text: string): void {
    // Who turns the record back turns back what it remembers.
    if (this.#isBeyondLimits || this.#server.setBackAtMs > -Infinity) return;
    this.#world.break('once', text);
  }
}

function hasSucceeded(ending: Ending | null): boolean {
  return ending?.id === 'exited' && ending.code === 0;
}
