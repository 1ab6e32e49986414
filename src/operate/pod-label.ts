/**
 * `--pod-label`: the leader's Pod carries a label, so that a Service finds it, and a cost of deletion, so that a roll-out scales
 * it down last.
 *
 * The Lease names the Pods that may carry them. A leader that has crashed or was cut off could not take them off, so the next one
 * does, before it sets its own. What fails is tried again.
 */
import type { RawLease } from '../election/lease.ts';
import { annotationOf, termAnnotation } from '../election/record.ts';
import type { State } from '../election/state.ts';
import type { LeaseApi } from '../lease/api.ts';
import type { ApiReply } from '../lease/client.ts';
import { objectOf, textOf } from '../json.ts';
import type { OperateContext } from './context.ts';
import { type PodNote, labelledPodsOf, withLabelledPods } from './pod-note.ts';

const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
/** Anything above 0, which is what Pods without it have. */
const leaderCost = '100';
const setTimeoutMs = 2_000;
/** The command is waiting for its stop signal. */
const removeTimeoutMs = 1_000;
/** After a failure it is tried again with the next renewal that is at least so much later. */
const pauseMs = 2_000;
/** The same where someone has to mend something first. */
const longPauseMs = 30_000;

const rights = 'patch on pods';

export class PodLabel {
  readonly #context: OperateContext;
  readonly #pod: PodNote;
  readonly #waitsForHealth: boolean;
  /** The Pods of leaders before that may still carry it. */
  #former: readonly PodNote[] = [];
  /** The last one that was written. */
  #term: string | null = null;
  #isWanted = false;
  /** null: not known, because an answer has not come. */
  #isOn: boolean | null = false;
  #working: Promise<void> = Promise.resolve();
  #jobs = 0;
  #retryAtMs = -Infinity;
  /** What was said last, by Pod. */
  readonly #warned = new Map<string, string>();

  constructor(context: OperateContext, pod: PodNote, waitsForHealth: boolean) {
    this.#context = context;
    this.#pod = pod;
    this.#waitsForHealth = waitsForHealth;
  }

  /** The API with the Pods in each record of ours; a release names those alone that still have to lose the label. */
  annotate(api: LeaseApi): LeaseApi {
    const { identity } = this.#context;
    return {
      send: (request, timeoutMs) => {
        if (request.id === 'get') return api.send(request, timeoutMs);
        const holder = textOf(objectOf(request.body['spec'])['holderIdentity']) ?? '';
        const isOurs = holder === identity;
        // The record of another leader stays as it is, whatever else is written into the Lease.
        if (!isOurs && holder !== '') return api.send(request, timeoutMs);
        // One that creates the Lease again goes on where it was.
        if (isOurs && request.id === 'update') this.#succeed(request.body);
        const left = isOurs || this.#isOn === false ? [] : [this.#pod];
        const pods = [...this.#former, ...left];
        const body = withLabelledPods(request.body, isOurs ? this.#pod : null, pods);
        return api.send({ ...request, body }, timeoutMs);
      },
      watch: (...watched) => api.watch(...watched),
      close: () => api.close(),
    };
  }

  /** The first record of a term is written over that of the leader before. */
  #succeed(record: RawLease): void {
    const term = textOf(annotationOf(record, termAnnotation));
    if (term !== this.#term) this.#former = labelledPodsOf(record).filter(this.#isOther);
    this.#term = term;
  }

  onState(state: State): void {
    if (state.id === 'standby') {
      const { current } = state.observed;
      this.#former =
        current.id === 'present' ? labelledPodsOf(current.lease).filter(this.#isOther) : [];
    }
    const isRunning = state.id === 'leading' && state.command.id === 'running';
    if (isRunning && !this.#waitsForHealth) this.set();
    if (state.id !== 'standby' && state.id !== 'leading') void this.remove();
    if (this.#jobs === 0 && !this.#isDone && this.#context.bootMs() >= this.#retryAtMs)
      this.#work(setTimeoutMs);
  }

  /** The command runs, or has shown that it is well. */
  set(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#work(setTimeoutMs);
  }

  /** Resolves when it is off, or this attempt has failed: a second, and what was under way before. */
  remove(): Promise<void> {
    if (this.#isWanted) {
      this.#isWanted = false;
      this.#work(removeTimeoutMs);
    }
    return this.#working;
  }

  /** Resolves when all that was asked has been answered, or given up. */
  close(): Promise<void> {
    return this.#working;
  }

  get #isDone(): boolean {
    return this.#isOn === this.#isWanted && (!this.#isWanted || this.#former.length === 0);
  }

  /**
   * Another Pod's of our namespace, with our label: who may write the Lease shall not take others off. It may be gone, or another one of
   * the same name: then there is nothing to take off.
   */
  readonly #isOther = ({ namespace, name, label }: PodNote): boolean =>
    namespace === this.#pod.namespace &&
    name !== this.#pod.name &&
    keyOf(label) === keyOf(this.#pod.label);

  /** One after the other, and not in the turn in which a command starts. */
  #work(timeoutMs: number): void {
    this.#jobs += 1;
    this.#working = this.#working
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .then(() => this.#reconcile(timeoutMs))
      .finally(() => (this.#jobs -= 1));
  }

  async #reconcile(timeoutMs: number): Promise<void> {
    for (const pod of this.#former) {
      // It may have been stopped meanwhile, and then our own comes first.
      if (!this.#isWanted) break;
      const reply = await this.#takeOffOther(pod, timeoutMs);
      if (reply.id !== 'failed') this.#former = this.#former.filter((each) => each !== pod);
    }
    const isWanted = this.#isWanted;
    const before = this.#isOn;
    if (before === isWanted) return;
    this.#isOn = null;
    const reply = await this.#patch(this.#pod, isWanted ? leaderCost : null, timeoutMs);
    if (reply.id === 'object') this.#isOn = isWanted;
    else if (reply.id !== 'failed') this.#isOn = false;
    else if (reply.failure.reason === 'forbidden') this.#isOn = before;
  }

  /** A connection that was kept can have died without a word. The next attempt has another; should that fail, too, two Pods carry the label until it is tried again. */
  async #takeOffOther(pod: PodNote, timeoutMs: number): Promise<ApiReply> {
    const reply = await this.#send(pod, null, timeoutMs);
    const hasNoAnswer = reply.id === 'failed' && reply.failure.reason === 'timeout';
    const isTriedAgain = hasNoAnswer && this.#isWanted;
    return this.#noted(pod, null, isTriedAgain ? await this.#send(pod, null, timeoutMs) : reply);
  }

  async #patch(pod: PodNote, cost: string | null, timeoutMs: number): Promise<ApiReply> {
    return this.#noted(pod, cost, await this.#send(pod, cost, timeoutMs));
  }

  /** `cost` null: label and cost are taken off. */
  #send(pod: PodNote, cost: string | null, timeoutMs: number): Promise<ApiReply> {
    const [key = '', value = ''] = pod.label.split('=');
    const metadata = {
      // Of another Pod of the same name the server refuses it: 409.
      ...(pod.uid === null ? {} : { uid: pod.uid }),
      labels: { [key]: cost === null ? null : value },
      annotations: { [costAnnotation]: cost },
    };
    const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`;
    return this.#context.api.request('PATCH', path, { metadata }, timeoutMs);
  }

  /** Says what has gone wrong, and when it is tried again. */
  #noted(pod: PodNote, cost: string | null, reply: ApiReply): ApiReply {
    const { bootMs, warn } = this.#context;
    const why = this.#problem(pod, reply);
    if (why === null) {
      this.#warned.delete(pod.name);
      return reply;
    }
    const isTransient = reply.id === 'failed' && reply.failure.reason !== 'forbidden';
    this.#retryAtMs = bootMs() + (isTransient ? pauseMs : longPauseMs);
    const what = cost === null ? 'remove' : 'set';
    const message = `Cannot ${what} label "${pod.label}" of Pod "${pod.namespace}/${pod.name}": ${why}`;
    // Not again for as long as nothing else comes of it.
    if (message !== this.#warned.get(pod.name)) warn(message);
    this.#warned.set(pod.name, message);
    return reply;
  }

  #problem(pod: PodNote, reply: ApiReply): string | null {
    if (reply.id === 'failed') return this.#context.describe(reply.failure, pod.namespace, rights);
    if (reply.id === 'object' || pod !== this.#pod) return null;
    return `there is no such Pod${pod.uid === null ? '' : ` with uid ${pod.uid}`}: check POD_NAME, POD_NAMESPACE and POD_UID`;
  }
}

function keyOf(label: string): string {
  return label.split('=')[0] ?? '';
}
