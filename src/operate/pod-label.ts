/**
 * `--pod-label`: the leader's Pod carries a label, so that a Service finds it, and a cost of deletion, so that a roll-out scales
 * it down last.
 *
 * The Lease names the Pod that carries them. A leader that has crashed could not take them off, so the next one does, before it
 * sets its own.
 */
import type { JsonObject } from '../json.ts';
import type { RawLease } from '../election/lease.ts';
import type { State } from '../election/state.ts';
import type { LeaseApi } from '../lease/api.ts';
import { objectOf } from '../json.ts';
import type { OperateContext } from './context.ts';
import { podAnnotation, readPodNote, writePodNote, type PodNote } from './pod-note.ts';

const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
/** Anything above 0, which is what Pods without it have. */
const leaderCost = '100';
const setTimeoutMs = 2_000;
/** The command is waiting for its stop signal. */
const removeTimeoutMs = 1_000;

const rights = 'patch on pods';

export class PodLabel {
  readonly #context: OperateContext;
  readonly #pod: PodNote;
  readonly #waitsForHealth: boolean;
  /** Whose label may have been left behind by the leader before. */
  #predecessor: PodNote | null = null;
  #state: 'off' | 'on' | 'refused' = 'off';
  #working: Promise<void> = Promise.resolve();

  constructor(context: OperateContext, pod: PodNote, waitsForHealth: boolean) {
    this.#context = context;
    this.#pod = pod;
    this.#waitsForHealth = waitsForHealth;
  }

  /** The API with the Pod's name in each record of ours; a release takes it out. */
  annotate(api: LeaseApi): LeaseApi {
    const { identity } = this.#context;
    const note = writePodNote(this.#pod);
    return {
      send: (request, timeoutMs) => {
        if (request.id === 'get') return api.send(request, timeoutMs);
        const isOurs = objectOf(request.body['spec'])['holderIdentity'] === identity;
        const body = withAnnotation(request.body, isOurs ? note : null);
        return api.send({ ...request, body }, timeoutMs);
      },
      watch: (...watched) => api.watch(...watched),
      close: () => api.close(),
    };
  }

  onState(state: State): void {
    if (state.id === 'standby') {
      const { current } = state.observed;
      this.#predecessor = current.id === 'present' ? noteIn(current.lease) : null;
    }
    const isRunning = state.id === 'leading' && state.command.id === 'running';
    if (isRunning && !this.#waitsForHealth) this.set();
    if (state.id !== 'standby' && state.id !== 'leading') void this.remove();
  }

  /** The command runs, or has shown that it is well. */
  set(): void {
    if (this.#state !== 'off') return;
    this.#state = 'on';
    this.#do(async () => {
      const { namespace, name } = this.#pod;
      const left = this.#predecessor;
      const isOther = left !== null && left.namespace === namespace && left.name !== name;
      // Its Pod may be gone, or another one of the same name: then there is nothing to take off.
      if (isOther) await this.#patch(left, null, setTimeoutMs);
      if (this.#state === 'on') await this.#patch(this.#pod, leaderCost, setTimeoutMs);
    });
  }

  /** Resolves when it is off, or was given up after a second. */
  remove(): Promise<void> {
    if (this.#state === 'on') {
      this.#state = 'off';
      this.#do(() => this.#patch(this.#pod, null, removeTimeoutMs));
    }
    return this.#working;
  }

  /** Resolves when all that was asked has been answered, or given up. */
  close(): Promise<void> {
    return this.#working;
  }

  /** One after the other, and not in the turn in which a command starts. */
  #do(work: () => Promise<void>): void {
    this.#working = this.#working
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .then(work);
  }

  /** `cost` null: label and cost are taken off. */
  async #patch(pod: PodNote, cost: string | null, timeoutMs: number): Promise<void> {
    const { api, describe, warn } = this.#context;
    const [key = '', value = ''] = pod.label.split('=');
    const metadata = {
      // Of another Pod of the same name the server refuses it: 409.
      ...(pod.uid === null ? {} : { uid: pod.uid }),
      labels: { [key]: cost === null ? null : value },
      annotations: { [costAnnotation]: cost },
    };
    const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`;
    const reply = await api.request('PATCH', path, { metadata }, timeoutMs);
    const isOwn = pod === this.#pod;
    if (reply.id === 'object' || (reply.id !== 'failed' && !isOwn)) return;
    const why =
      reply.id === 'failed'
        ? describe(reply.failure, pod.namespace, rights)
        : `there is no such Pod${pod.uid === null ? '' : ` with uid ${pod.uid}`}: check POD_NAME, POD_NAMESPACE and POD_UID`;
    const isForbidden = reply.id === 'failed' && reply.failure.reason === 'forbidden';
    if (isForbidden) this.#state = 'refused';
    const what = cost === null ? 'remove' : 'set';
    const end = isForbidden ? '; leaving labels alone' : '';
    warn(`Cannot ${what} label "${pod.label}" of Pod "${pod.namespace}/${pod.name}": ${why}${end}`);
  }
}

function noteIn(lease: RawLease): PodNote | null {
  return readPodNote(objectOf(objectOf(lease['metadata'])['annotations'])[podAnnotation]);
}

function withAnnotation(lease: RawLease, note: string | null): JsonObject {
  const metadata = objectOf(lease['metadata']);
  const { [podAnnotation]: _, ...others } = objectOf(metadata['annotations']);
  const annotations = note === null ? others : { ...others, [podAnnotation]: note };
  return { ...lease, metadata: { ...metadata, annotations } };
}
