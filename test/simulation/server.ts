/**
 * The API server's side of one Lease: linearizable, one counter for all resourceVersions, a history that watches are fed
 * from. Its answers are those of a real one (a PUT with the uid of an object that is gone conflicts, one without creates).
 */
import type { JsonObject } from '../../src/json.ts';
import type { Answer, LeaseRequest, RawLease } from '../../src/election/lease.ts';
import { otherWrites } from './ambience.ts';
import { metadataOf, objectOf, specOf, textOf } from './fields.ts';
import type { World } from './world.ts';

/** Who wrote, and when it sent that, by its own boot clock. `hand`: someone with kubectl. */
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
  readonly write: {
    readonly author: Author;
    readonly sentBootMs: number;
    readonly atMs: number;
    readonly isCreate: boolean;
  };
}

export type CommitListener = (before: Version | null, after: Version, by: Arrival) => void;

/** What an admission webhook does to every write: puts the Lease back, cuts the times, adds fields. */
export type Webhook = 'reverts' | 'cuts times' | 'adds fields';

/** The server's own clock is ahead of true time by this, and its Date header is cut to seconds. */
const serverEpochMs = Date.UTC(2026, 0, 1, 12, 0, 0, 300);

export class Server {
  readonly #world: World;
  readonly history: Version[] = [];
  readonly #byVersion = new Map<string, Version>();
  readonly #commitListeners: CommitListener[] = [];
  readonly #watchers = new Set<(version: Version) => void>();
  readonly #firstVersion: number;
  #resourceVersion: number;
  #uids = 0;
  /** What is stored now; a deletion counts as nothing. */
  current: Version | null = null;
  /** The webhooks, and until when each is there. */
  readonly #webhooks = new Map<Webhook, number>();
  /** True time until which someone changes a label right before each write. */
  #contendedUntilMs = -Infinity;
  /** True time of the last restore from a backup. */
  setBackAtMs = -Infinity;
  /** No watch can begin before this version any more. */
  compactedTo = 0;

  constructor(world: World) {
    this.#world = world;
    this.#firstVersion = world.random.pick([1, 95, 9_990, 2 ** 50]);
    this.#resourceVersion = this.#firstVersion;
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
        return this.current === null ? this.#notFound() : this.#answer(this.current);
      case 'create':
        return this.current === null ? this.#store(arrival, request.body) : { id: 'conflict' };
      case 'update':
        return this.#update(arrival, request.body);
    }
  }

  /** The answer of a GET that is served from a state that is `ageMs` old. */
  staleRead(ageMs: number): Answer {
    const version = this.#versionAt(this.#world.nowMs - ageMs);
    return version === null ? this.#notFound() : this.#answer(version);
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

  admitBy(webhook: Webhook, forMs: number): void {
    this.#webhooks.set(webhook, this.#world.nowMs + forMs);
  }

  contend(forMs: number): void {
    this.#contendedUntilMs = this.#world.nowMs + forMs;
  }

  /** Webhooks and edits end. */
  heal(): void {
    this.#webhooks.clear();
    this.#contendedUntilMs = -Infinity;
  }

  /** etcd is restored from a backup that is so old; what was written since is gone. */
  setBack(ageMs: number): void {
    const { nowMs } = this.#world;
    const kept = this.history.filter(({ atMs }) => atMs <= nowMs - ageMs);
    if (kept.length === this.history.length) return;
    this.#world.count('fault: set back in time');
    this.history.splice(kept.length);
    const last = kept.at(-1);
    this.#resourceVersion = last?.resourceVersion ?? this.#firstVersion;
    this.current = last === undefined || last.isDeletion ? null : last;
    this.setBackAtMs = nowMs;
  }

  /** A label is changed by hand. */
  editLabel(author: Author): void {
    if (this.current === null) return;
    const { lease } = this.current;
    const labels = { edited: String(this.#world.nowMs) };
    const body = { ...lease, metadata: { ...metadataOf(lease), labels } };
    this.#store({ author, request: { id: 'update', body }, sentBootMs: 0 }, body);
  }

  /** An annotation is set by hand. */
  annotate(author: Author, name: string, value: string): void {
    if (this.current === null) return;
    const { lease } = this.current;
    const annotations = { ...objectOf(metadataOf(lease)['annotations']), [name]: value };
    const body = { ...lease, metadata: { ...metadataOf(lease), annotations } };
    this.#store({ author, request: { id: 'update', body }, sentBootMs: 0 }, body);
  }

  /** A controller prefers a holder (KEP-4355). */
  prefer(author: Author, preferredHolder: string): void {
    if (this.current === null) return;
    const { lease } = this.current;
    const body = { ...lease, spec: { ...specOf(lease), preferredHolder } };
    this.#store({ author, request: { id: 'update', body }, sentBootMs: 0 }, body);
  }

  compact(): void {
    this.compactedTo = this.#resourceVersion;
  }

  #update(arrival: Arrival, sentBody: RawLease): Answer {
    const isByHand = arrival.author.kind === 'hand';
    if (this.#world.nowMs < this.#contendedUntilMs && !isByHand) this.editLabel(contender);
    const { current } = this;
    const body = isByHand ? sentBody : this.#admitted(sentBody);
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

  #admitted(body: RawLease): RawLease {
    const is = (webhook: Webhook) =>
      this.#world.nowMs < (this.#webhooks.get(webhook) ?? -Infinity) && this.#noteWebhook(webhook);
    let admitted = body;
    if (is('adds fields')) {
      const labels = { webhook: 'was here' };
      const spec = { ...specOf(admitted), strategy: 'added' };
      admitted = { ...admitted, metadata: { ...metadataOf(admitted), labels }, spec };
    }
    if (is('cuts times')) admitted = { ...admitted, spec: withCutTimes(specOf(admitted)) };
    const isStale =
      metadataOf(body)['resourceVersion'] !==
      metadataOf(this.current?.lease ?? {})['resourceVersion'];
    if (this.current !== null && !isStale && is('reverts')) admitted = this.current.lease;
    return admitted;
  }

  #noteWebhook(webhook: Webhook): true {
    this.#world.count(`fault: a webhook ${webhook}`);
    return true;
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
    const same = this.#sameAs(arrival, recordText(spec));
    const { author, sentBootMs, request } = arrival;
    const version: Version = {
      ...this.#stamp(lease),
      lease,
      isDeletion: false,
      holder: textOf(spec['holderIdentity']),
      transitions: Number(spec['leaseTransitions'] ?? 0),
      leaseDurationMs: Number(spec['leaseDurationSeconds'] ?? 0) * 1000,
      // As its author sent it: a webhook may have cut it, and who edits a label sends what was cut.
      acquireTime: same?.acquireTime ?? textOf(specOf(bodyOf(request) ?? body)['acquireTime']),
      renewTime: textOf(spec['renewTime']),
      write: same?.write ?? {
        author,
        sentBootMs,
        atMs: this.#world.nowMs,
        isCreate: request.id === 'create',
      },
    };
    this.#commit(arrival, version);
    return this.#answer(version);
  }

  /** The version of which this spec is, if that is no write of its own: the stored one, and by hand any earlier one can be put back. */
  #sameAs({ author, request }: Arrival, stored: string): Version | undefined {
    const candidates = author.kind === 'hand' ? this.history : [this.current];
    // Who enters itself as the successor sends the record that it saw, whatever a webhook makes of it.
    const sent = recordText(specOf(bodyOf(request) ?? {}));
    return candidates.find(
      (each): each is Version =>
        each != null && [stored, sent].includes(recordText(specOf(each.lease))),
    );
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
    // After a restore: one name for each state, so that a judge can tell them apart.
    while (this.#byVersion.has(String(this.#resourceVersion))) this.#resourceVersion += 1;
    return this.#resourceVersion;
  }

  #answer({ lease }: Version): Answer {
    return { id: 'lease', lease, serverTimeMs: this.#timeMs() };
  }

  #notFound(): Answer {
    return { id: 'not-found', serverTimeMs: this.#timeMs() };
  }

  /** As its Date header has it. */
  #timeMs(): number {
    return Math.floor((serverEpochMs + this.#world.nowMs) / 1000) * 1000;
  }
}

/** The record alone: who is preferred does not change whose it is. */
function recordText(spec: JsonObject): string {
  const { preferredHolder, ...record } = spec;
  return JSON.stringify(record);
}

const contender: Author = { name: 'contender', kind: 'hand' };

function bodyOf(request: LeaseRequest): RawLease | null {
  return request.id === 'get' ? null : request.body;
}

function withCutTimes(spec: JsonObject): JsonObject {
  const cut = (time: unknown) => textOf(time).replace(/\.\d{6}Z$/, '.000000Z');
  const { acquireTime, renewTime } = spec;
  return { ...spec, acquireTime: cut(acquireTime), renewTime: cut(renewTime) };
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
