/**
 * The API server's side of one Lease: linearizable, one counter for all resourceVersions, a history that watches are fed
 * from. Its answers are those of a real one (a PUT with the uid of an object that is gone conflicts, one without creates).
 */
import type { Answer, LeaseRequest, RawLease } from '../../src/election/lease.ts';
import { otherWrites } from './ambience.ts';
import { metadataOf, specOf, textOf } from './fields.ts';
import type { World } from './world.ts';

/** Who wrote, and when it sent that, by its own boot clock. `hand`: somebody with kubectl. */
export interface Author {
  readonly name: string;
  readonly kind: 'leader-run' | 'client-go' | 'hand';
}

/** A request as it arrives. */
export interface Arrival {
  readonly author: Author;
  readonly request: LeaseRequest;
  readonly sentBootMs: number;
}

/** A stored state of the Lease. */
export interface Version {
  readonly resourceVersion: number;
  readonly lease: RawLease;
  readonly isDeletion: boolean;
  readonly holder: string;
  readonly transitions: number;
  readonly leaseDurationMs: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly atMs: number;
  /** The write that the spec is of: labels change without it. */
  readonly write: { readonly author: Author; readonly sentBootMs: number; readonly atMs: number };
}

export type CommitListener = (before: Version | null, after: Version, by: Arrival) => void;

/** The server's own clock is ahead of true time by this, and its Date header is cut to seconds. */
const serverEpochMs = Date.UTC(2026, 0, 1, 12, 0, 0, 300);

export class Server {
  readonly #world: World;
  readonly history: Version[] = [];
  readonly #byVersion = new Map<string, Version>();
  readonly #commitListeners: CommitListener[] = [];
  readonly #watchers = new Set<(version: Version) => void>();
  #resourceVersion: number;
  #uids = 0;
  /** What is stored now; a deletion counts as nothing. */
  current: Version | null = null;
  /** No watch can begin before this version any more. */
  compactedTo = 0;

  constructor(world: World) {
    this.#world = world;
    this.#resourceVersion = world.random.pick([1, 95, 9_990, 2 ** 50]);
  }

  /** How many writes of an author conflicted. */
  readonly conflicts = new Map<Author, number>();

  onCommit(listener: CommitListener): void {
    this.#commitListeners.push(listener);
  }

  watch(watcher: (version: Version) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  /** The stored state with this resourceVersion. */
  versionOf(lease: RawLease): Version | null {
    return this.#byVersion.get(textOf(metadataOf(lease)['resourceVersion'])) ?? null;
  }

  handle(arrival: Arrival): Answer {
    const answer = this.#handle(arrival);
    const { author } = arrival;
    if (answer.id === 'conflict') this.conflicts.set(author, 1 + (this.conflicts.get(author) ?? 0));
    return answer;
  }

  #handle(arrival: Arrival): Answer {
    const { request } = arrival;
    switch (request.id) {
      case 'get':
        return this.current === null ? { id: 'not-found' } : this.#answer(this.current);
      case 'create':
        return this.current === null ? this.#store(arrival, request.body) : { id: 'conflict' };
      case 'update':
        return this.#update(arrival, request.body);
    }
  }

  /** The answer of a GET that is served from a state that is `ageMs` old. */
  staleRead(ageMs: number): Answer {
    const version = this.#versionAt(this.#world.nowMs - ageMs);
    return version === null ? { id: 'not-found' } : this.#answer(version);
  }

  #versionAt(atMs: number): Version | null {
    const version = this.history.findLast((each) => each.atMs <= atMs);
    return version === undefined || version.isDeletion ? null : version;
  }

  delete(author: Author): void {
    const before = this.current;
    if (before === null) return;
    const arrival = { author, request: { id: 'get' }, sentBootMs: 0 } as const;
    const lease = withVersion(before.lease, this.#nextVersion());
    this.#commit(arrival, { ...before, ...this.#stamp(lease), isDeletion: true, lease });
  }

  compact(): void {
    this.compactedTo = this.#resourceVersion;
  }

  #update(arrival: Arrival, body: RawLease): Answer {
    const { current } = this;
    const { uid, resourceVersion } = metadataOf(body);
    if (current === null)
      return uid === undefined ? this.#store(arrival, body) : { id: 'conflict' };
    const stored = metadataOf(current.lease);
    if (uid !== undefined && uid !== stored['uid']) return { id: 'conflict' };
    // Without a resourceVersion the server overwrites whatever is there.
    if (resourceVersion !== undefined && resourceVersion !== stored['resourceVersion'])
      return { id: 'conflict' };
    const isUnchanged =
      JSON.stringify(body['spec']) === JSON.stringify(current.lease['spec']) &&
      JSON.stringify(metadataOf(body)) === JSON.stringify(stored);
    return isUnchanged ? this.#answer(current) : this.#store(arrival, body);
  }

  #store(arrival: Arrival, body: RawLease): Answer {
    const refusal = refusalOf(body);
    if (refusal !== null) {
      this.#world.break('records are valid', `${arrival.author.name} sent ${refusal}`);
      return { id: 'failed', failure: { reason: 'rejected', status: 422, message: refusal } };
    }
    const { current } = this;
    const uid = current === null ? `uid-${++this.#uids}` : metadataOf(current.lease)['uid'];
    const metadata = { ...metadataOf(body), uid: uid ?? '' };
    const lease = withVersion({ ...body, metadata }, this.#nextVersion());
    const spec = specOf(lease);
    const write = this.#writeOf(arrival, JSON.stringify(spec));
    const version: Version = {
      ...this.#stamp(lease),
      lease,
      isDeletion: false,
      holder: textOf(spec['holderIdentity']),
      transitions: Number(spec['leaseTransitions'] ?? 0),
      leaseDurationMs: Number(spec['leaseDurationSeconds'] ?? 0) * 1000,
      acquireTime: textOf(spec['acquireTime']),
      renewTime: textOf(spec['renewTime']),
      write,
    };
    this.#commit(arrival, version);
    return this.#answer(version);
  }

  /** The write that this spec is of: that of the stored one if it is the same, and by hand any earlier one can be put back. */
  #writeOf({ author, sentBootMs }: Arrival, spec: string): Version['write'] {
    const candidates = author.kind === 'hand' ? this.history : [this.current];
    const same = candidates.find((each) => JSON.stringify(each?.lease['spec']) === spec);
    return same?.write ?? { author, sentBootMs, atMs: this.#world.nowMs };
  }

  #commit(arrival: Arrival, version: Version): void {
    const before = this.current;
    this.history.push(version);
    this.#byVersion.set(String(version.resourceVersion), version);
    this.current = version.isDeletion ? null : version;
    for (const listener of this.#commitListeners) listener(before, version, arrival);
    for (const watcher of [...this.#watchers]) watcher(version);
  }

  #stamp(lease: RawLease): { resourceVersion: number; atMs: number } {
    return {
      resourceVersion: Number(metadataOf(lease)['resourceVersion']),
      atMs: this.#world.nowMs,
    };
  }

  #nextVersion(): number {
    this.#resourceVersion += 1 + this.#world.random.below(otherWrites);
    return this.#resourceVersion;
  }

  #answer({ lease }: Version): Answer {
    const serverTimeMs = Math.floor((serverEpochMs + this.#world.nowMs) / 1000) * 1000;
    return { id: 'lease', lease, serverTimeMs };
  }
}

/** What the real server would refuse with 422. */
function refusalOf(body: RawLease): string | null {
  const spec = specOf(body);
  for (const field of ['acquireTime', 'renewTime']) {
    const time = textOf(spec[field]);
    if (time !== '' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(time))
      return `${field} ${time}`;
  }
  const seconds = spec['leaseDurationSeconds'];
  if (!Number.isInteger(seconds) || Number(seconds) <= 0)
    return `leaseDurationSeconds ${textOf(seconds)}`;
  if (!Number.isInteger(spec['leaseTransitions']) || Number(spec['leaseTransitions']) < 0)
    return `leaseTransitions ${textOf(spec['leaseTransitions'])}`;
  return null;
}

function withVersion(lease: RawLease, resourceVersion: number): RawLease {
  const metadata = { ...metadataOf(lease), resourceVersion: String(resourceVersion) };
  return { ...lease, metadata };
}
