/** The port to the API server, as the shipped one behaves: one connection, a time-out for each call, abandoned calls closed. */
import type { Answer, LeaseRequest, WatchEvent } from '../../src/election/lease.ts';
import type { LeaseApi, LeaseWatch, PendingRequest } from '../../src/lease/api.ts';
import { describeLease } from './fields.ts';
import type { Link } from './link.ts';
import type { SimulatedProcess } from './process.ts';
import type { Arrival, Author, Server } from './server.ts';
import { SimulatedWatch } from './watch.ts';

/** Who sees what a candidate sends and learns. */
export interface ApiObserver {
  onSend(arrival: Arrival, pending: number): void;
  /** Not told of an answer that is taken up only when its time is over: it is not to be believed. */
  onAnswer(answer: Answer, arrival: Arrival): void;
  onEvent(event: WatchEvent): void;
}

export class SimulatedLeaseApi implements LeaseApi {
  readonly #process: SimulatedProcess;
  readonly #author: () => Author;
  readonly #link: Link;
  readonly #server: Server;
  readonly #observer: ApiObserver;
  readonly #pending = new Set<PendingRequest>();
  readonly #watches = new Set<SimulatedWatch>();
  isClosed = false;

  constructor(
    process: SimulatedProcess,
    author: () => Author,
    link: Link,
    server: Server,
    observer: ApiObserver,
  ) {
    this.#process = process;
    this.#author = author;
    this.#link = link;
    this.#server = server;
    this.#observer = observer;
    process.onDeath(() => this.close());
  }

  get openCount(): number {
    return this.#pending.size + this.#watches.size;
  }

  send(request: LeaseRequest, timeoutMs: number): PendingRequest {
    const process = this.#process;
    const { world } = process;
    const arrival: Arrival = { author: this.#author(), request, sentBootMs: process.bootMs() };
    let isOver = false;
    let answerWith!: (answer: Answer) => void;
    const answer = new Promise<Answer>((resolve) => (answerWith = resolve));
    const finish = () => {
      isOver = true;
      stopTimer();
      this.#pending.delete(pending);
    };
    const settle = (outcome: Answer) => {
      if (isOver) return;
      finish();
      world.tell(process.name, () => `gets ${describeAnswer(outcome)}`);
      if (process.bootMs() < arrival.sentBootMs + timeoutMs)
        this.#observer.onAnswer(outcome, arrival);
      world.hasSettled = true;
      answerWith(outcome);
    };
    const stopTimer = process.setTimer(timeoutMs, () => {
      world.count('fault: request timed out');
      settle({ id: 'failed', failure: { reason: 'timeout', afterMs: timeoutMs } });
    });
    const pending: PendingRequest = {
      answer,
      abandon: () => {
        if (isOver) return;
        finish();
        world.count('requests abandoned');
        world.tell(process.name, () => `abandons its ${request.id}`);
      },
    };
    this.#pending.add(pending);
    this.#observer.onSend(arrival, this.#pending.size);
    process.act(() => {
      if (isOver) return;
      this.#link.carry(arrival, (outcome) => {
        process.post(() => settle(outcome));
      });
    });
    return pending;
  }

  watch(
    resourceVersion: string | null,
    silenceMs: number,
    onEvent: (event: WatchEvent) => void,
  ): LeaseWatch {
    const watch = new SimulatedWatch(
      this.#process,
      this.#link,
      this.#server,
      { resourceVersion, silenceMs },
      (event) => {
        this.#process.world.tell(this.#process.name, () => `watches ${describeEvent(event)}`);
        this.#observer.onEvent(event);
        onEvent(event);
      },
    );
    this.#watches.add(watch);
    return {
      close: () => {
        this.#watches.delete(watch);
        watch.close();
      },
    };
  }

  close(): void {
    this.isClosed = true;
    for (const pending of [...this.#pending]) pending.abandon();
    for (const watch of this.#watches) watch.close();
    this.#watches.clear();
  }
}

export function describeRequest(request: LeaseRequest): string {
  if (request.id === 'get') return 'get';
  return `${request.id} ${describeLease(request.body)}`;
}

function describeEvent(event: WatchEvent): string {
  return 'lease' in event ? `${event.id}: ${describeLease(event.lease)}` : event.id;
}

export function describeAnswer(answer: Answer): string {
  switch (answer.id) {
    case 'lease':
      return describeLease(answer.lease);
    case 'failed':
      return JSON.stringify(answer.failure);
    case 'not-found':
    case 'conflict':
      return answer.id;
  }
}
