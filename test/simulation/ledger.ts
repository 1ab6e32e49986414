/**
 * What one candidate can know of its own leadership, kept beside it: t, which is when the last renewal that it knows to be
 * stored was *sent*, and whether it has learnt of another holder. Its deeds are judged by this.
 */
import type { Answer, LeaseRequest, RawLease } from '../../src/election/lease.ts';
import type { RunSettings } from '../../src/run.ts';
import type { SimulatedProcess } from './process.ts';
import type { Author, Server, Version } from './server.ts';
import type { SimulatedTree } from './tree.ts';

export class Ledger {
  readonly process: SimulatedProcess;
  readonly author: Author;
  readonly settings: RunSettings;
  readonly #server: Server;
  tree: SimulatedTree | null = null;
  /** t, on the candidate's boot clock. */
  confirmedMs = -Infinity;
  /** The time of loss, once it has come: later news cannot move it. */
  lostAtMs: number | null = null;
  /** When it learnt of another holder, boot clock. */
  deposedAtMs: number | null = null;
  /** The newest version that it has seen, by whatever way. */
  newestSeen = 0;
  stopRequestedAtMs: number | null = null;
  goAtMs: number | null = null;
  /** When it heard that its command has ended. */
  endedAtMs: number | null = null;
  /** When each request was sent, true time. */
  readonly sends: number[] = [];
  /** Whom it has seen to hold the lease. */
  readonly seen = new Set<Author>();
  /** It has read, in answer to a GET, a record of another's that is older than what it had seen. */
  hasReadOlder = false;
  hasRestored = false;

  constructor(process: SimulatedProcess, author: Author, settings: RunSettings, server: Server) {
    this.process = process;
    this.author = author;
    this.settings = settings;
    this.#server = server;
  }

  /** t+R: leadership is over from then on, whatever comes. */
  noteTime(): void {
    if (this.goAtMs === null || this.lostAtMs !== null) return;
    const lossMs = this.confirmedMs + this.settings.renewDeadlineMs;
    if (this.process.machine.bootMs() >= lossMs) this.lostAtMs = lossMs;
  }

  noteAnswer(answer: Answer, request: LeaseRequest): void {
    this.noteTime();
    if (answer.id !== 'lease') return;
    if (request.id === 'get') this.#noteOlder(answer.lease);
    // What is answered to a write is no news of what another has stored.
    if (request.id === 'get' || this.#isOwn(answer.lease)) this.#noteLease(answer.lease);
  }

  #isOwn(lease: RawLease): boolean {
    return this.#server.versionOf(lease)?.write.author === this.author;
  }

  /** The server has gone back in time, for all that a leader can know. */
  #noteOlder(lease: RawLease): void {
    const version = this.#server.versionOf(lease);
    if (this.goAtMs === null || version === null || version.write.author === this.author) return;
    if (version.resourceVersion >= this.newestSeen) return;
    this.hasReadOlder = true;
    this.deposedAtMs ??= this.process.bootMs();
  }

  noteNews(lease: RawLease): void {
    this.noteTime();
    this.#noteLease(lease);
  }

  #noteLease(lease: RawLease): void {
    const version = this.#server.versionOf(lease);
    if (version === null || version.isDeletion) return;
    const { write } = version;
    if (version.holder !== '') this.seen.add(write.author);
    if (write.author === this.author) {
      if (version.holder !== '' && this.lostAtMs === null)
        this.confirmedMs = Math.max(this.confirmedMs, write.sentBootMs);
    } else if (this.#isNews(version)) {
      this.deposedAtMs ??= this.process.bootMs();
    }
    this.newestSeen = Math.max(this.newestSeen, version.resourceVersion);
  }

  /** Another holds the lease, by something newer than all that is known. */
  #isNews(version: Version): boolean {
    return (
      this.goAtMs !== null && version.holder !== '' && version.resourceVersion > this.newestSeen
    );
  }
}
