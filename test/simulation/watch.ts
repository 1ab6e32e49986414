/**
 * The port's watch, as the shipped one behaves: it opens itself again, from the version that it saw last; it says nothing
 * of an end that it can mend at once; after 410 it reads and begins again.
 */
import type { WatchEvent } from '../../src/election/lease.ts';
import type { LeaseWatch } from '../../src/lease/api.ts';
import type { Link } from './link.ts';
import type { Sleep } from './machine.ts';
import type { SimulatedProcess } from './process.ts';
import type { Server, Version } from './server.ts';

export interface WatchOptions {
  readonly resourceVersion: string | null;
  readonly silenceMs: number;
}

/** What the server sends when nothing happens, so that a dead connection is told from a quiet one. */
const bookmarkEveryMs = 60_000;
const firstBackOffMs = 100;
const longestBackOffMs = 5_000;
const forbiddenRetryMs = 60_000;

/** One connection of the watch. */
interface Stream {
  isOpen: boolean;
  /** Nothing comes through any more, and neither side knows. */
  isDead: boolean;
  /** Events arrive in order: none before this true time. */
  notBeforeMs: number;
  stopFeed: () => void;
}

export class SimulatedWatch implements LeaseWatch {
  readonly #process: SimulatedProcess;
  readonly #link: Link;
  readonly #server: Server;
  readonly #silenceMs: number;
  readonly #onEvent: (event: WatchEvent) => void;
  #seen: number | null;
  #told: 'open' | 'down' | null = null;
  #backOffMs = firstBackOffMs;
  #stream: Stream | null = null;
  #silence: Sleep | null = null;
  #isClosed = false;
  #isForbidden = false;

  constructor(
    process: SimulatedProcess,
    link: Link,
    server: Server,
    { resourceVersion, silenceMs }: WatchOptions,
    onEvent: (event: WatchEvent) => void,
  ) {
    this.#process = process;
    this.#link = link;
    this.#server = server;
    this.#silenceMs = silenceMs;
    this.#onEvent = onEvent;
    this.#seen = resourceVersion === null ? null : Number(resourceVersion);
    process.world.count('watches opened');
    process.act(() => this.#open());
  }

  close(): void {
    this.#isClosed = true;
    this.#closeStream();
  }

  /** Makes a connection; the head of the answer says that from now on changes are told. */
  #open(): void {
    if (this.#isClosed) return;
    const { ambience } = this.#link;
    const { world } = this.#process;
    if (this.#link.is('refused') || this.#link.is('unavailable')) return this.#fail();
    if (this.#link.is('up') || this.#link.isCut) return this.#failLater();
    world.after(2 * this.#link.latencyMs(), () => {
      if (this.#isClosed || this.#link.isCut) return this.#failLater();
      if (!this.#link.mayWatch) return this.#refuse();
      const isExpired =
        this.#seen !== null &&
        (this.#seen < this.#server.compactedTo ||
          (this.#told !== null && world.random.chance(ambience.watchExpired)));
      if (isExpired) return this.#lookAgain();
      this.#begin();
    });
  }

  /** 410: a GET shows what there is now, and the next watch begins with what the server believes to be there. */
  #lookAgain(): void {
    const { world } = this.#process;
    world.count('fault: watch expired (410)');
    const seen = this.#seen ?? 0;
    const current = this.#server.current;
    const event: WatchEvent =
      current === null
        ? { id: 'deleted', lease: { metadata: { resourceVersion: String(seen + 1) } } }
        : { id: 'changed', lease: current.lease };
    world.after(this.#link.latencyMs(), () => {
      this.#tell(event);
      this.#seen = null;
      this.#retry();
    });
  }

  #begin(): void {
    const { world } = this.#process;
    const stream: Stream = {
      isOpen: true,
      isDead: false,
      notBeforeMs: world.nowMs,
      stopFeed: () => undefined,
    };
    this.#stream = stream;
    this.#backOffMs = firstBackOffMs;
    if (this.#told !== 'open') this.#deliver(stream, { id: 'open' }, null);
    stream.stopFeed = this.#server.watch((version) => this.#feed(stream, version));
    for (const version of this.#backlog()) this.#feed(stream, version);
    this.#listenForBookmarks(stream);
  }

  /** What the server tells first: all since the version named, or without one what is there, by a cache that may be old. */
  #backlog(): readonly Version[] {
    const { world } = this.#process;
    const { ambience } = this.#link;
    const { history } = this.#server;
    const seen = this.#seen;
    if (seen !== null) return history.filter(({ resourceVersion }) => resourceVersion > seen);
    if (!world.random.chance(ambience.watchReplay)) {
      const { current } = this.#server;
      return current === null ? [] : [current];
    }
    world.count('fault: watch begun with an old state');
    const from = Math.max(0, history.length - 1 - world.random.below(4));
    const old = history.slice(from);
    return old[0]?.isDeletion === true ? old.slice(1) : old;
  }

  #feed(stream: Stream, version: Version): void {
    const { world } = this.#process;
    const { ambience } = this.#link;
    if (stream.isDead || !stream.isOpen) return;
    if (world.random.chance(ambience.watchDies)) {
      world.count('fault: watch died silently');
      stream.isDead = true;
      return;
    }
    if (world.random.chance(ambience.watchReset)) {
      world.count('fault: watch reset');
      this.#closeStream();
      world.after(this.#link.latencyMs(), () => this.#open());
      return;
    }
    const { lease, isDeletion } = version;
    this.#deliver(stream, { id: isDeletion ? 'deleted' : 'changed', lease }, version);
  }

  #deliver(stream: Stream, event: WatchEvent, version: Version | null): void {
    const { world } = this.#process;
    const { ambience } = this.#link;
    let delayMs = this.#link.latencyMs();
    if (world.random.chance(ambience.watchLag)) {
      world.count('fault: watch lagged');
      delayMs += world.random.logBetween(1, ambience.longestWatchLagMs);
    }
    stream.notBeforeMs = Math.max(stream.notBeforeMs, world.nowMs + delayMs);
    world.after(stream.notBeforeMs - world.nowMs, () => this.#arrive(stream, event, version));
  }

  /** While the link is cut the connection holds what was sent, and breaks or delivers it when the link is back. */
  #arrive(stream: Stream, event: WatchEvent, version: Version | null): void {
    if (!stream.isOpen || stream.isDead) return;
    const { world } = this.#process;
    if (this.#link.isCut) {
      stream.notBeforeMs = Math.max(stream.notBeforeMs, world.nowMs + 250);
      world.after(250, () => this.#arrive(stream, event, version));
      return;
    }
    this.#process.post(() => {
      if (!stream.isOpen) return;
      if (version !== null) this.#seen = version.resourceVersion;
      this.#listenForBookmarks(stream);
      this.#tellNow(event);
    });
  }

  #listenForBookmarks(stream: Stream): void {
    const { machine } = this.#process;
    machine.wakeNever(this.#silence);
    // A bookmark shows that the connection lives.
    const quietMs = stream.isDead ? this.#silenceMs : bookmarkEveryMs;
    this.#silence = machine.sleep(quietMs, () => {
      if (this.#stream !== stream || !stream.isOpen) return;
      if (!stream.isDead) return this.#listenForBookmarks(stream);
      this.#process.world.count('watches taken for dead');
      this.#closeStream();
      this.#open();
    });
  }

  /** It is tried again now and then, as someone may grant it. */
  #refuse(): void {
    this.#process.world.count('fault: watch forbidden');
    if (!this.#isForbidden) this.#tell({ id: 'forbidden', message: 'may not watch' });
    this.#isForbidden = true;
    this.#process.world.after(forbiddenRetryMs, () => this.#open());
  }

  #failLater(): void {
    if (this.#isClosed) return;
    this.#process.world.after(1_000, () => this.#fail());
  }

  #fail(): void {
    if (this.#isClosed) return;
    this.#process.world.count('fault: watch cannot be opened');
    const failure = { reason: 'network', code: 'ECONNREFUSED', message: 'refused' } as const;
    if (this.#told !== 'down') this.#tell({ id: 'down', failure });
    this.#retry();
  }

  #retry(): void {
    const { world } = this.#process;
    world.after(this.#backOffMs * world.random.between(0.5, 1.5), () => this.#open());
    this.#backOffMs = Math.min(2 * this.#backOffMs, longestBackOffMs);
  }

  #tell(event: WatchEvent): void {
    this.#process.post(() => this.#tellNow(event));
  }

  #tellNow(event: WatchEvent): void {
    if (this.#isClosed) return;
    if (event.id === 'open' || event.id === 'down') this.#told = event.id;
    this.#onEvent(event);
  }

  #closeStream(): void {
    const stream = this.#stream;
    this.#process.machine.wakeNever(this.#silence);
    if (stream === null) return;
    stream.isOpen = false;
    stream.stopFeed();
  }
}
