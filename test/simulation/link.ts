/** The way between one candidate and the API server, and everything that befalls a request on it. */
import type { Answer, Failure } from '../../src/election/lease.ts';
import type { Ambience } from './ambience.ts';
import type { Arrival, Server } from './server.ts';
import type { World } from './world.ts';

/**
 * What a whole link, or the server, is like for a while. `up`: nothing reaches the server; `down`: nothing comes back; `held`: what
 * comes back does so when that is over.
 */
export type Disturbance = 'up' | 'down' | 'held' | 'both' | 'refused' | 'unavailable' | 'slow';

export class Link {
  readonly #world: World;
  readonly #server: Server;
  readonly ambience: Ambience;
  mayWatch = true;
  /** The last answer that was given, and the last one that was lost. */
  #given: Answer | null = null;
  #lost: Answer | null = null;
  readonly #disturbances = new Map<Disturbance, number>();

  constructor(world: World, server: Server, ambience: Ambience) {
    this.#world = world;
    this.#server = server;
    this.ambience = ambience;
  }

  disturb(how: Disturbance, forMs: number): void {
    this.#disturbances.set(how, Math.max(this.#untilMs(how), this.#world.nowMs + forMs));
  }

  is(how: Disturbance): boolean {
    return this.#world.nowMs < this.#untilMs(how);
  }

  get isCut(): boolean {
    return this.is('both') || this.is('down');
  }

  #untilMs(how: Disturbance): number {
    return this.#disturbances.get(how) ?? -Infinity;
  }

  /** Brings a request to the server and the answer back, or one of them, or none. `isWrite`: also when it is far too late. */
  carry(arrival: Arrival, onAnswer: (answer: Answer) => void): void {
    const world = this.#world;
    const { ambience } = this;
    const isWrite = arrival.request.id !== 'get';
    if (this.is('refused')) return this.#reply('refused', refused, onAnswer);
    if (this.is('up') || this.is('both'))
      return this.#lose('request lost in a partition', onAnswer);
    if (this.#happens(ambience.requestLost)) return this.#lose('request lost', onAnswer);
    if (isWrite && this.#happens(ambience.lateWrite)) {
      const lateMs = world.random.between(1_000, ambience.longestLateWriteMs);
      world.after(lateMs, () => {
        if (this.#server.handle(arrival).id === 'lease') world.count('fault: write landed late');
      });
      return this.#lose('write on its way for long', onAnswer);
    }
    world.after(this.#latencyMs(), () => this.#arrive(arrival, onAnswer));
  }

  #arrive(arrival: Arrival, onAnswer: (answer: Answer) => void): void {
    const { ambience } = this;
    if (this.is('unavailable')) return this.#reply('503 in an outage', status(503, null), onAnswer);
    const early = this.#earlyFailure();
    if (early !== null) return this.#reply(early.what, early.failure, onAnswer);
    const handled = this.#handle(arrival);
    const answer = this.#inItsPlace(handled);
    this.#lost = handled;
    if (this.is('down') || this.is('both'))
      return this.#lose('response lost in a partition', onAnswer);
    if (this.#happens(ambience.responseLost)) {
      return this.#lose(`response of a ${arrival.request.id} lost`, onAnswer);
    }
    if (this.#happens(ambience.serverErrorAfterWrite))
      return this.#reply('504 after the request was served', status(504, null), onAnswer);
    if (this.#happens(ambience.malformed))
      return this.#reply('malformed answer', { reason: 'malformed', message: '<html>' }, onAnswer);
    const heldMs = Math.max(0, this.#untilMs('held') - this.#world.nowMs);
    this.#world.after(heldMs + this.#latencyMs(), () => {
      if (this.isCut) this.#lose('response lost in a partition', onAnswer);
      else {
        [this.#given, this.#lost] = [answer, null];
        onAnswer(answer);
      }
    });
  }

  /** What a proxy that mixes answers up gives in place of this one. */
  #inItsPlace(answer: Answer): Answer {
    const { answerAgain, answerSwapped } = this.ambience;
    if (this.#given !== null && this.#happens(answerAgain)) {
      this.#world.count('fault: answer given twice');
      return this.#given;
    }
    if (this.#lost === null || !this.#happens(answerSwapped)) return answer;
    this.#world.count('fault: answer of another request');
    return this.#lost;
  }

  /** A proxy answers a write by itself, having passed it on or not: with what was sent, or with a record of before. */
  #answerByProxy(arrival: Arrival): Answer {
    const { random } = this.#world;
    this.#world.count('fault: write answered with another record');
    if (random.chance(0.5)) this.#server.handle(arrival);
    const { request } = arrival;
    if (request.id === 'update' && random.chance(0.5))
      return { id: 'lease', lease: request.body, serverTimeMs: null };
    return this.#server.staleRead(random.logBetween(1, 10_000));
  }

  #handle(arrival: Arrival): Answer {
    const { ambience } = this;
    if (arrival.request.id === 'get') {
      if (!this.#happens(ambience.staleRead)) return this.#server.handle(arrival);
      this.#world.count('fault: stale read');
      return this.#server.staleRead(this.#world.random.between(0, ambience.longestStalenessMs));
    }
    if (this.#happens(ambience.otherAnswer)) return this.#answerByProxy(arrival);
    const first = this.#server.handle(arrival);
    if (!this.#happens(ambience.sentTwice)) return first;
    this.#world.count('fault: write sent twice by a proxy');
    return this.#server.handle(arrival);
  }

  #earlyFailure(): { what: string; failure: Failure } | null {
    const { ambience } = this;
    if (this.#happens(ambience.serverError)) {
      return { what: '5xx', failure: status(this.#world.random.pick([500, 502, 503]), null) };
    }
    if (this.#happens(ambience.tooManyRequests)) {
      const retryAfterMs = this.#world.random.pick([null, 1_000, 5_000, 60_000]);
      return { what: '429', failure: status(429, retryAfterMs) };
    }
    if (this.#happens(ambience.unauthorized)) {
      return { what: '401', failure: { reason: 'unauthorized', message: 'Unauthorized' } };
    }
    return null;
  }

  #reply(what: string, failure: Failure, onAnswer: (answer: Answer) => void): void {
    this.#world.count(`fault: ${what}`);
    this.#world.after(this.#latencyMs(), () => {
      if (!this.isCut) onAnswer({ id: 'failed', failure });
    });
  }

  /** Nothing comes back, except perhaps the end of the connection. */
  #lose(what: string, onAnswer: (answer: Answer) => void): void {
    this.#world.count(`fault: ${what}`);
    if (!this.#happens(this.ambience.lossResets)) return;
    this.#world.after(this.#latencyMs(), () => onAnswer({ id: 'failed', failure: reset }));
  }

  latencyMs(): number {
    return this.#latencyMs();
  }

  #latencyMs(): number {
    const { shortestLatencyMs, longestLatencyMs, spike, longestSpikeMs } = this.ambience;
    const { random } = this.#world;
    if (this.is('slow')) return random.between(longestLatencyMs, 5_000);
    if (random.chance(spike)) {
      this.#world.count('fault: latency spike');
      return random.logBetween(longestLatencyMs, longestLatencyMs + longestSpikeMs);
    }
    return random.between(shortestLatencyMs, shortestLatencyMs + longestLatencyMs);
  }

  #happens(probability: number): boolean {
    return this.#world.random.chance(probability);
  }
}

const reset: Failure = { reason: 'network', code: 'ECONNRESET', message: 'socket hang up' };
const refused: Failure = { reason: 'network', code: 'ECONNREFUSED', message: 'refused' };

function status(code: number, retryAfterMs: number | null): Failure {
  return { reason: 'status', status: code, message: `status ${code}`, retryAfterMs };
}
