/**
 * A crowd of candidates for one Lease, in a namespace of its own, and the verdict over all that they did.
 *
 * Several crowds may be about at once, so each is ended by the test that formed it and not by the one that runs last.
 */
import { vi } from 'vitest';
import { overlaps, termsOf, type Overlap, type Term } from '../fixtures/judge.ts';
import {
  createNamespace,
  leasePath,
  mustCallApi,
  readLease,
  type ClusterAccess,
  type StoredLease,
} from './api.ts';
import {
  clientGoTerm,
  startClientGo,
  startLeaderRun,
  type AtEnd,
  type Candidate,
} from './candidates.ts';
import { createServiceAccountUser } from './users.ts';

/** The shortest settings that must work: a crashed leader's Lease is free after 6 s. */
export const hasty = [
  ...['--lease-duration', '6s', '--renew-deadline', '3s', '--retry-period', '1s'],
] as const;
export const hastyLeaseDurationMs = 6_000;
export const hastyRetryPeriodMs = 1_000;

const lockName = 'crowd';
const patienceMs = 90_000;
const lookEachMs = 20;

/** What may set one candidate apart from the others. */
export interface MemberOptions {
  readonly identity?: string;
  readonly kubeconfig?: string;
  readonly workerFlags?: readonly string[];
}

/** What mutual exclusion and fencing leave of a crowd that kept to them: two empty lists. */
export interface Verdict {
  readonly overlaps: readonly Overlap[];
  /** Fencing tokens that are not larger than those of all earlier terms. */
  readonly staleTokens: readonly number[];
}

export const innocent: Verdict = { overlaps: [], staleTokens: [] };

export class Crowd {
  readonly namespace: string;
  /** Every leader-run that was ever started. */
  readonly ours: Candidate[] = [];
  readonly clientGos: Candidate[] = [];
  /** The exit status and all that was said of each that {@link keep} started again. */
  readonly losses: { readonly code: number | null; readonly said: readonly string[] }[] = [];
  readonly #access: ClusterAccess;
  readonly #flags: readonly string[];
  readonly #kubeconfig: string;
  readonly #endings: (() => Promise<void>)[] = [];
  #isEnding = false;

  private constructor(
    access: ClusterAccess,
    namespace: string,
    kubeconfig: string,
    flags: readonly string[],
  ) {
    this.#access = access;
    this.namespace = namespace;
    this.#kubeconfig = kubeconfig;
    this.#flags = flags;
  }

  /** A crowd without members yet. */
  static async form(
    access: ClusterAccess,
    atEnd: AtEnd,
    flags: readonly string[] = hasty,
  ): Promise<Crowd> {
    const namespace = await createNamespace(access);
    const kubeconfig = await createServiceAccountUser(access, { namespace, lockName });
    const crowd = new Crowd(access, namespace, kubeconfig, flags);
    atEnd(async () => {
      crowd.#isEnding = true;
      await Promise.all(crowd.#endings.map((endIt) => endIt()));
    });
    return crowd;
  }

  /** A kubeconfig of a user of this crowd for another address of the same cluster. */
  kubeconfigFor(server: string): Promise<string> {
    return createServiceAccountUser(this.#access, { namespace: this.namespace, lockName, server });
  }

  /** Starts a leader-run. */
  start(options: MemberOptions = {}): Candidate {
    const { identity, kubeconfig = this.#kubeconfig, workerFlags = [] } = options;
    const flags = identity === undefined ? this.#flags : [...this.#flags, '--id', identity];
    const atEnd = this.#atEnd;
    const started = startLeaderRun({ kubeconfig, lockName, flags, workerFlags, atEnd });
    this.ours.push(started);
    return started;
  }

  /** Starts leader-runs, each of them again whenever it ends, as a kubelet would. */
  keep(count: number, options: MemberOptions = {}): void {
    for (let index = 0; index < count; index += 1) this.#keepOne(options);
  }

  /** From now on those that end are not started again. */
  stopKeeping(): void {
    this.#isEnding = true;
  }

  startClientGo(identity: string): Candidate {
    const { namespace } = this;
    const atEnd = this.#atEnd;
    const started = startClientGo(this.#access, { namespace, lockName, identity, atEnd });
    this.clientGos.push(started);
    return started;
  }

  /** The leader-run whose worker gives a sign of life later than this instant (Unix ms), as soon as there is one. */
  leaderAfter(instantMs: number): Promise<Candidate> {
    const check = () => {
      const leader = this.ours.find(({ workerLines }) => {
        const last = workerLines.at(-1);
        return last !== undefined && last.event !== 'end' && last.atMs > instantMs;
      });
      return leader ?? fail(`no candidate leads; all output:\n${this.#output()}`);
    };
    return vi.waitFor(check, { timeout: patienceMs, interval: lookEachMs });
  }

  /** The leader of now. */
  leader(): Promise<Candidate> {
    return this.leaderAfter(Date.now());
  }

  /** Resolves when each of these has seen that another leads. */
  async standBy(...candidates: readonly Candidate[]): Promise<void> {
    const waits = (candidate: Candidate) =>
      candidate.until('line about waiting', () =>
        candidate.output.find((line) => /Waiting for lease|new leader elected/.test(line)),
      );
    await Promise.all(candidates.map(waits));
  }

  /** The Lease as soon as it is stored so. */
  leaseWhen(holds: (lease: StoredLease | null) => boolean): Promise<StoredLease | null> {
    const check = async () => {
      const lease = await readLease(this.#access, this.namespace, lockName);
      return holds(lease) ? lease : fail(`the Lease is ${JSON.stringify(lease)}`);
    };
    return vi.waitFor(check, { timeout: patienceMs, interval: lookEachMs });
  }

  async lease(): Promise<StoredLease['spec'] | undefined> {
    return (await readLease(this.#access, this.namespace, lockName))?.spec;
  }

  /** A change of the Lease by its administrator. */
  async byHand(method: 'PATCH' | 'DELETE', body?: object): Promise<void> {
    await mustCallApi(this.#access, method, leasePath(this.namespace, lockName), body);
  }

  /** The terms of leader-run's commands. */
  get terms(): Term[] {
    return termsOf(this.ours.flatMap(({ workerLines }) => workerLines));
  }

  /** The terms of client-go's candidates. */
  get clientGoTerms(): Term[] {
    return this.clientGos.flatMap(
      (candidate, index) => clientGoTerm(candidate, `client-go ${index}`) ?? [],
    );
  }

  /** The fencing tokens of leader-run's commands, in the order of their starts. */
  get tokens(): number[] {
    const starts = this.ours.flatMap(({ workerLines }) =>
      workerLines.filter(({ event }) => event === 'start'),
    );
    return starts.toSorted((a, b) => a.atMs - b.atMs).map(({ token }) => Number(token));
  }

  /** Judges leader-run's commands among themselves. */
  get verdict(): Verdict {
    const { terms, tokens } = this;
    const staleTokens = tokens.filter((token, index) =>
      tokens.slice(0, index).some((earlier) => !(token > earlier)),
    );
    return { overlaps: overlaps(terms), staleTokens };
  }

  readonly #atEnd: AtEnd = (endIt) => {
    this.#endings.push(endIt);
  };

  #keepOne(options: MemberOptions): void {
    const started = this.start(options);
    void started.ended.then(({ code }) => {
      if (this.#isEnding) return;
      this.losses.push({ code, said: started.output });
      this.#keepOne(options);
    });
  }

  #output(): string {
    return [...this.ours, ...this.clientGos]
      .map(({ pid, output }) => `${pid}: ${output.join(`\n${pid}: `)}`)
      .join('\n');
  }
}

function fail(why: string): never {
  throw new Error(why);
}
