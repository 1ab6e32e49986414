/**
 * `--events`: an Event on the Lease when a term begins and when it is over, in the words of client-go's resource lock, so that what
 * people have for client-go finds these too. One attempt each: an Event is never worth a delay.
 */
import type { Instant } from '../election/event.ts';
import type { JsonObject } from '../json.ts';
import type { State } from '../election/state.ts';
import { objectOf, textOf } from '../json.ts';
import type { OperateContext } from './context.ts';

const timeoutMs = 2_000;
/** Of an Event: a Lease's name may be longer than what fits before the time. */
const longestName = 253;

export class Events {
  readonly #context: OperateContext;
  /** Of the Lease by the last state that showed it. */
  #uid: string | null = null;
  #resourceVersion: string | null = null;
  #hasBegun = false;
  #isRefused = false;
  #sending: Promise<void> = Promise.resolve();

  constructor(context: OperateContext) {
    this.#context = context;
  }

  onState(state: State, { wallMs }: Instant): void {
    if (state.id === 'leading' || state.id === 'stepping-down') {
      const metadata = objectOf(objectOf(state.tenure.lease ?? undefined)['metadata']);
      this.#uid = textOf(metadata['uid']) ?? this.#uid;
      this.#resourceVersion = textOf(metadata['resourceVersion']) ?? this.#resourceVersion;
    }
    if (state.id === 'leading' && state.command.id === 'running' && !this.#hasBegun) {
      this.#hasBegun = true;
      this.#send('became leader', wallMs);
    }
    if ((state.id === 'ended' || state.id === 'standby') && this.#hasBegun) {
      this.#hasBegun = false;
      this.#send('stopped leading', wallMs);
    }
  }

  /** Resolves when what was sent has been answered, or given up. */
  close(): Promise<void> {
    return this.#sending;
  }

  #send(what: string, wallMs: number): void {
    if (this.#isRefused) return;
    const event = this.#eventOf(what, wallMs);
    // Not in this turn, in which a command starts or a lease is released.
    this.#sending = this.#sending
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .then(() => this.#create(event));
  }

  async #create(event: JsonObject): Promise<void> {
    const { api, lock, describe, warn } = this.#context;
    if (this.#isRefused) return;
    const path = `/api/v1/namespaces/${lock.namespace}/events`;
    const reply = await api.request('POST', path, event, timeoutMs);
    if (reply.id !== 'failed') return;
    const { failure } = reply;
    this.#isRefused = failure.reason === 'forbidden';
    const end = this.#isRefused ? '; sending no more Events' : '';
    const why = describe(failure, lock.namespace, 'create on events');
    warn(`Cannot send an Event about lease "${lock.namespace}/${lock.name}": ${why}${end}`);
  }

  #eventOf(what: string, wallMs: number): JsonObject {
    const { lock, identity } = this.#context;
    const { namespace, name } = lock;
    const suffix = `.${(BigInt(Math.floor(wallMs)) * 1_000_000n).toString(16)}`;
    // As metav1.Time: whole seconds.
    const time = `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: name.slice(0, longestName - suffix.length) + suffix, namespace },
      involvedObject: {
        kind: 'Lease',
        namespace,
        name,
        ...(this.#uid === null ? {} : { uid: this.#uid }),
        apiVersion: 'coordination.k8s.io/v1',
        ...(this.#resourceVersion === null ? {} : { resourceVersion: this.#resourceVersion }),
      },
      reason: 'LeaderElection',
      message: `${identity} ${what}`,
      source: { component: identity },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type: 'Normal',
      eventTime: null,
      reportingComponent: identity,
      reportingInstance: '',
    };
  }
}
