/**
 * Leadership among many standbys, each a process of its own: what a hand-over takes and how many writes it costs, and what a crowd
 * costs the API server while nothing happens.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { readLease } from '../../test/cluster/api.ts';
import { readAudit } from './audit.ts';
import type { Candidate } from './candidate.ts';
import { costOf, trafficOf } from './process-tree.ts';
import type { Program } from './programs.ts';
import { createUser, freshLock, type Stage, untilStandby } from './stage.ts';

export interface CrowdHandOver {
  /** From SIGTERM of the leader to the first instruction of its successor's command. */
  readonly ms: number;
  /** Writes of the Lease that reach the server within a second: no renewal is due by then. */
  readonly writes: number;
}

/** A minute of a leader and its standbys, nothing happening. */
export interface CrowdIdle {
  readonly requests: number;
  /** Encrypted, to and from all of them, kB. */
  readonly kilobytes: number;
  readonly apiserverCpuMs: number;
}

export interface Crowds {
  readonly standbys: number;
  readonly one: readonly CrowdHandOver[];
  readonly many: readonly CrowdHandOver[];
  readonly idle: { readonly 'leader-run': CrowdIdle; readonly wrapper: CrowdIdle };
}

const startedAtOnce = 10;
const countedMs = 1_000;
/** Someone enters itself as the successor within five retry periods: the larger the crowd, the sooner. */
const successorMs = 10_200;
const idleMs = 30_000;

export async function measureCrowds(stage: Stage): Promise<Crowds> {
  const { say, plan, programs } = stage;
  const { crowdHandOvers: handOvers, crowd: standbys } = plan;
  say(`hand-over among ${standbys} standbys, ${handOvers} times`);
  const one = new Crowd(stage, programs['leader-run']);
  await one.form(1);
  const oneHandOvers = await one.handOver(handOvers);
  await one.end();
  const many = new Crowd(stage, programs['leader-run']);
  await many.form(standbys);
  const manyHandOvers = await many.handOver(handOvers);
  say(`what ${standbys} standbys cost the API server while nothing happens`);
  const ours = await many.idle();
  await many.end();
  const wrappers = new Crowd(stage, programs.wrapper);
  await wrappers.form(standbys);
  const wrapper = await wrappers.idle();
  await wrappers.end();
  const idle = { 'leader-run': ours, wrapper };
  return { standbys, one: oneHandOvers, many: manyHandOvers, idle };
}

/** Candidates for one Lease. */
class Crowd {
  readonly #stage: Stage;
  readonly #program: Program;
  readonly #lock = freshLock();
  readonly #candidates = new Set<Candidate>();
  #user: { readonly kubeconfig: string; readonly name: string } | null = null;

  constructor(stage: Stage, program: Program) {
    this.#stage = stage;
    this.#program = program;
  }

  async form(standbys: number): Promise<void> {
    this.#user = await createUser(this.#stage.cluster, this.#lock);
    await this.#start().started();
    for (let count = 0; count < standbys; count += startedAtOnce) {
      const some = Math.min(startedAtOnce, standbys - count);
      await Promise.all(Array.from({ length: some }, () => this.#join()));
    }
  }

  /** Leadership goes from one to the next, the same number of candidates each time. */
  async handOver(times: number): Promise<CrowdHandOver[]> {
    const all: { readonly atMs: number; readonly ms: number }[] = [];
    for (let round = 0; round < times; round += 1) {
      await this.#untilSuccessor();
      const leader = this.#leader();
      const others = [...this.#candidates].filter((candidate) => candidate !== leader);
      const atMs = leader.kill('SIGTERM');
      const startedAtMs = await Promise.race(others.map((other) => other.started()));
      all.push({ atMs, ms: startedAtMs - atMs });
      await leader.closed();
      this.#candidates.delete(leader);
      await pause(countedMs);
      await this.#join();
    }
    const writes = readAudit(this.#stage.cluster.auditLog ?? '').filter(
      ({ lock, verb }) => lock === this.#lock && (verb === 'update' || verb === 'patch'),
    );
    return all.map(({ atMs, ms }) => ({
      ms,
      writes: writes.filter(
        ({ receivedAtMs }) => receivedAtMs >= atMs && receivedAtMs < atMs + countedMs,
      ).length,
    }));
  }

  async idle(): Promise<CrowdIdle> {
    const { apiserver, auditLog } = this.#stage.cluster;
    const look = () => ({
      atMs: Date.now(),
      bytes: [...this.#candidates].reduce((sum, { pid }) => sum + trafficOf(pid), 0),
      cpuMs: costOf(apiserver.pid ?? 0, null).cpuMs,
    });
    const before = look();
    await pause(idleMs);
    const after = look();
    const perMinute = (count: number) => (count * 60_000) / (after.atMs - before.atMs);
    const requests = readAudit(auditLog ?? '').filter(
      ({ user, receivedAtMs }) =>
        user === this.#user?.name && receivedAtMs >= before.atMs && receivedAtMs < after.atMs,
    );
    return {
      requests: perMinute(requests.length),
      kilobytes: perMinute(after.bytes - before.bytes) / 1_000,
      apiserverCpuMs: perMinute(after.cpuMs - before.cpuMs),
    };
  }

  async end(): Promise<void> {
    await Promise.all([...this.#candidates].map((candidate) => candidate.end()));
  }

  #leader(): Candidate {
    const leader = [...this.#candidates].find(({ hasStarted }) => hasStarted);
    if (leader === undefined) throw new Error('no one leads');
    return leader;
  }

  async #join(): Promise<void> {
    await untilStandby(this.#start(), this.#program);
  }

  #start(): Candidate {
    const kubeconfig = this.#user?.kubeconfig ?? '';
    const candidate = this.#program.start({ lock: this.#lock, kubeconfig });
    this.#candidates.add(candidate);
    return candidate;
  }

  async #untilSuccessor(): Promise<void> {
    const untilMs = performance.now() + successorMs;
    while (performance.now() < untilMs) {
      const lease = await readLease(this.#stage.cluster, 'default', this.#lock);
      if (lease?.metadata.annotations?.['leader-run/successor'] !== undefined) return;
      await pause(50);
    }
  }
}
