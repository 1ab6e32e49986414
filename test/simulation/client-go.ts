/**
 * A candidate with client-go's algorithm: it polls with its jitter, believes any record under its own identity, compares
 * times by whole seconds, keeps annotations that it does not know, and on its way out blanks whatever record it finds.
 */
import type { JsonObject } from '../../src/json.ts';
import type { Answer, LeaseRequest, RawLease } from '../../src/election/lease.ts';
import type { Replica, Surroundings } from './candidate.ts';
import type { Link } from './link.ts';
import type { Machine } from './machine.ts';
import { SimulatedProcess } from './process.ts';
import { specOf, textOf } from './fields.ts';
import type { Author } from './server.ts';

export interface ClientGoPlan {
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly longestRestartMs: number;
}

export class ClientGo implements Replica {
  readonly name: string;
  readonly machine: Machine;
  readonly link: Link;
  readonly #plan: ClientGoPlan;
  readonly #around: Surroundings;
  readonly standby = null;
  process: SimulatedProcess | null = null;
  #author: Author;
  #starts = 0;
  #isRetired = false;
  #identity: string;
  #isStopping = false;
  #isLeading = false;
  #observed = '';
  #observedSpec: JsonObject = {};
  #observedAtMs = 0;
  #renewedAtMs = 0;

  constructor(
    name: string,
    machine: Machine,
    link: Link,
    plan: ClientGoPlan,
    around: Surroundings,
  ) {
    this.name = name;
    this.machine = machine;
    this.link = link;
    this.#plan = plan;
    this.#identity = plan.identity;
    this.#around = around;
    this.#author = { name, kind: 'client-go' };
  }

  get leaseDurationMs(): number {
    return this.#plan.leaseDurationMs;
  }

  start(): void {
    // It may run already under another's identity.
    if (this.#isRetired || this.process?.isAlive === true) return;
    const { world, judge } = this.#around;
    const name = `${this.name}.${++this.#starts}`;
    this.process = new SimulatedProcess(name, this.machine, world, this.link.ambience);
    this.#author = { name, kind: 'client-go' };
    this.#isLeading = false;
    this.#isStopping = false;
    this.#observed = '';
    judge.writes.enter({
      author: this.#author,
      machine: this.machine,
      leaseDurationMs: this.#plan.leaseDurationMs,
      tree: () => null,
      // It compares no versions, so that nothing it saw keeps it from taking what a restore has freed.
      newestSeenMs: () => -Infinity,
      sameSinceMs: () => Infinity,
    });
    world.tell(name, () => `starts as "${this.#identity}" (client-go)`);
    this.#round(this.process);
  }

  /** It is started again under the identity of another. */
  adopt(identity: string): void {
    this.#identity = identity;
    if (this.process?.isAlive === true) this.process.end();
    this.start();
  }

  crash(): void {
    if (this.process?.isAlive !== true) return;
    this.#around.world.tell(this.process.name, () => 'gets SIGKILL');
    this.#end(this.process);
  }

  signal(): void {
    this.#isStopping = true;
  }

  loseGuard(): void {
    // It has none.
  }

  retire(): void {
    this.#isRetired = true;
  }

  #end(process: SimulatedProcess): void {
    const { world } = this.#around;
    if (!process.isAlive) return;
    process.end();
    if (this.#isRetired) return;
    world.after(world.random.logBetween(50, this.#plan.longestRestartMs), () => {
      this.machine.whenAwake(() => this.start());
    });
  }

  /** One read or renewal, and the next after client-go's pause. */
  #round(process: SimulatedProcess): void {
    const { renewDeadlineMs, retryPeriodMs } = this.#plan;
    const { world } = this.#around;
    if (!process.isAlive) return;
    if (this.#isStopping) return this.#stop(process);
    if (this.#isLeading && process.bootMs() >= this.#renewedAtMs + renewDeadlineMs) {
      world.count('client-go loses its lease');
      return this.#stop(process);
    }
    const jitter = this.#isLeading ? 1 : 1 + 1.2 * world.random.next();
    const again = () => process.setTimer(retryPeriodMs * jitter, () => this.#round(process));
    this.#acquireOrRenew(process, (isHeld) => {
      if (isHeld) this.#renewedAtMs = process.bootMs();
      this.#isLeading ||= isHeld;
      again();
    });
  }

  #acquireOrRenew(process: SimulatedProcess, done: (isHeld: boolean) => void): void {
    this.#call(process, { id: 'get' }, (answer) => {
      if (answer.id === 'not-found') {
        const spec = this.#spec(0, null);
        const metadata = { name: 'lease' };
        const body: RawLease = { kind: 'Lease', metadata, spec };
        return this.#write(process, { id: 'create', body }, done);
      }
      if (answer.id !== 'lease') return done(false);
      this.#observe(process, answer.lease);
      const spec = this.#observedSpec;
      const holder = holderOf(spec);
      const isOwn = holder === this.#identity;
      const validMs = Number(spec['leaseDurationSeconds'] ?? 0) * 1000;
      const isValid = this.#observedAtMs + validMs > process.bootMs();
      if (holder !== '' && isValid && !isOwn) return done(false);
      const transitions = Number(spec['leaseTransitions'] ?? 0);
      const next = isOwn
        ? this.#spec(transitions, textOf(spec['acquireTime']))
        : this.#spec(transitions + 1, null);
      const body = { ...answer.lease, spec: { ...specOf(answer.lease), ...next } };
      this.#write(process, { id: 'update', body }, done);
    });
  }

  #write(process: SimulatedProcess, request: LeaseRequest, done: (isHeld: boolean) => void): void {
    this.#call(process, request, (answer) => {
      if (answer.id === 'lease') this.#observe(process, answer.lease);
      done(answer.id === 'lease');
    });
  }

  #observe(process: SimulatedProcess, lease: RawLease): void {
    const spec = specOf(lease);
    const seen = JSON.stringify([
      holderOf(spec),
      spec['leaseDurationSeconds'],
      textOf(spec['acquireTime']).slice(0, 19),
      textOf(spec['renewTime']).slice(0, 19),
      spec['leaseTransitions'],
    ]);
    if (seen === this.#observed) return;
    this.#observed = seen;
    this.#observedSpec = spec;
    this.#observedAtMs = process.bootMs();
  }

  /** Releases as client-go does since 1.34: what it believes to hold, on the version that it finds. */
  #stop(process: SimulatedProcess): void {
    if (holderOf(this.#observedSpec) !== this.#identity || !this.#isLeading) {
      return this.#end(process);
    }
    this.#call(process, { id: 'get' }, (answer) => {
      if (answer.id !== 'lease') return this.#end(process);
      const now = this.#now();
      const blank = {
        holderIdentity: '',
        leaseDurationSeconds: 1,
        acquireTime: now,
        renewTime: now,
        leaseTransitions: this.#observedSpec['leaseTransitions'] ?? 0,
      };
      const body = { ...answer.lease, spec: { ...specOf(answer.lease), ...blank } };
      this.#call(process, { id: 'update', body }, () => this.#end(process));
    });
  }

  #call(process: SimulatedProcess, request: LeaseRequest, done: (answer: Answer) => void): void {
    const arrival = { author: this.#author, request, sentBootMs: process.bootMs() };
    let isOver = false;
    const finish = (answer: Answer) => {
      if (isOver) return;
      isOver = true;
      stopTimer();
      done(answer);
    };
    const stopTimer = process.setTimer(this.#plan.renewDeadlineMs / 2, () => {
      finish({ id: 'failed', failure: { reason: 'timeout', afterMs: 0 } });
    });
    this.link.carry(arrival, (answer) => {
      process.post(() => finish(answer));
    });
  }

  #spec(transitions: number, acquireTime: string | null): JsonObject {
    const now = this.#now();
    return {
      holderIdentity: this.#identity,
      leaseDurationSeconds: this.#plan.leaseDurationMs / 1000,
      acquireTime: acquireTime ?? now,
      renewTime: now,
      leaseTransitions: transitions,
    };
  }

  #now(): string {
    const { random } = this.#around.world;
    const iso = new Date(this.machine.wallMs()).toISOString().slice(0, -1);
    return `${iso}${String(random.below(1000)).padStart(3, '0')}Z`;
  }
}

function holderOf(spec: JsonObject): string {
  return textOf(spec['holderIdentity']);
}
