/** What a candidacy has under way with the API server: its requests, and its watch. */
import type { Effect } from '../election/effect.ts';
import type { ElectionEvent } from '../election/event.ts';
import type { LeaseApi, LeaseWatch, PendingRequest } from './api.ts';

type Of<Id extends Effect['id']> = Extract<Effect, { id: Id }>;

export class Traffic {
  readonly #api: LeaseApi;
  readonly #onEvent: (event: ElectionEvent, isPresent?: () => boolean) => void;
  readonly #onError: (error: unknown) => void;
  readonly #pending = new Map<number, PendingRequest>();
  #watch: LeaseWatch | null = null;

  /** What comes of it goes to `onEvent`. How a watch fares counts only while that is the present one. */
  constructor(
    api: LeaseApi,
    onEvent: (event: ElectionEvent, isPresent?: () => boolean) => void,
    onError: (error: unknown) => void,
  ) {
    this.#api = api;
    this.#onEvent = onEvent;
    this.#onError = onError;
  }

  send({ request, body, timeoutMs }: Of<'send'>): void {
    const pending = this.#api.send(body, timeoutMs);
    this.#pending.set(request, pending);
    pending.answer.then((answer) => {
      if (this.#pending.delete(request)) this.#onEvent({ id: 'answer', request, answer });
    }, this.#onError);
  }

  abandon({ request }: Of<'abandon'>): void {
    this.#pending.get(request)?.abandon();
    this.#pending.delete(request);
  }

  watch({ resourceVersion, silenceMs }: Of<'watch'>): void {
    const watch: LeaseWatch = this.#api.watch(resourceVersion, silenceMs, (event) =>
      // What was told of the Lease is true whoever told it.
      this.#onEvent({ id: 'watch', event }, () => event.id === 'changed' || watch === this.#watch),
    );
    this.#watch = watch;
  }

  unwatch(): void {
    this.#watch?.close();
    this.#watch = null;
  }

  close(): void {
    this.#watch?.close();
    this.#api.close();
  }
}
