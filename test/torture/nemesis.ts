/** Does what the plan says, and notes what it did. */
import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { leasePath, mustCallApi } from '../cluster/api.ts';
import { files, type Fault } from './history.ts';
import { kinds, type PlannedFault } from './plan.ts';
import { guardOf, signal, treeOf } from './processes.ts';
import type { Replica } from './replica.ts';
import { bootNowMs, giveRights, locks, namespace, takeRights, type Stage } from './stage.ts';
import type { Starts } from './starts.ts';

/** For so long answers come late, before none comes any more. */
const lateMs = 3_000;
const work = 'work';

export class Nemesis {
  readonly #stage: Stage;
  readonly #replicas: readonly Replica[];
  readonly #starts: Starts;
  readonly #program: string;
  /** Servers are hit by one fault at a time. */
  #servers: Promise<void> = Promise.resolve();

  constructor(stage: Stage, replicas: readonly Replica[], starts: Starts, program: string) {
    this.#stage = stage;
    this.#replicas = replicas;
    this.#starts = starts;
    this.#program = program;
  }

  /** The whole plan, or as much of it as there is time for; resolves when all is over. */
  async follow(plan: readonly PlannedFault[], enough: AbortSignal): Promise<void> {
    const beganMs = performance.now();
    const doings: Promise<void>[] = [];
    for (const fault of plan) {
      const waitMs = Math.max(0, fault.atMs - (performance.now() - beganMs));
      await delay(waitMs, null, { signal: enough }).catch(() => undefined);
      if (enough.aborted) break;
      doings.push(this.#perform(fault));
    }
    await Promise.all(doings);
  }

  /** A fault that finds nobody, or no server, has not taken place. */
  async #perform(fault: PlannedFault): Promise<void> {
    const fromMs = bootNowMs();
    try {
      const target = await this.#do(fault);
      // Who is killed at its start is noted as killed.
      if (target !== null && fault.kind !== 'kill-new')
        this.note({ kind: fault.kind, target, fromMs, toMs: bootNowMs() });
    } catch (error) {
      process.stderr.write(`torture: ${fault.kind} has failed: ${String(error)}\n`);
      // An edit without an answer may have landed.
      const isEdit = kinds.lease.some((kind) => kind === fault.kind);
      const kind = isEdit ? fault.kind : `failed-${fault.kind}`;
      this.note({ kind, target: isEdit ? locks.work : '', fromMs, toMs: bootNowMs() });
    }
  }

  note(fault: Fault): void {
    appendFileSync(join(this.#stage.folder, files.faults), `${JSON.stringify(fault)}\n`);
  }

  /** Whom it hit, null for nobody. */
  async #do(fault: PlannedFault): Promise<string | null> {
    switch (fault.kind) {
      case 'kill':
      case 'kill-new':
      case 'stop':
      case 'kill-guard':
      case 'stop-guard':
      case 'kill-command':
      case 'stop-command':
      case 'term':
      case 'suspend':
        return this.#hitProcess(fault);
      case 'freeze':
      case 'freeze-answers':
      case 'late-answers':
      case 'slow':
      case 'half-open':
      case 'cut':
      case 'cut-often':
      case 'twice':
        return this.#hitNetwork(fault);
      case 'api-kill':
      case 'api-stop':
      case 'etcd-kill':
      case 'etcd-stop':
      case 'compact':
      case 'restore':
        await (this.#servers = this.#servers
          .catch(() => undefined)
          .then(() => this.#hitServer(fault)));
        return '';
      case 'label':
      case 'edit':
      case 'empty':
      case 'delete':
      case 'transfer':
        await this.#editLease(fault);
        return locks.work;
      case 'rights':
        return this.#takeRights(fault);
      case 'jump':
      case 'drift':
        return this.#turnClock(fault);
    }
  }

  #replicaOf({ target }: PlannedFault): Replica | null {
    if (target !== 'leader') return this.#replicas[target % this.#replicas.length] ?? null;
    const leader = this.#starts.latest.get(locks.work)?.candidate;
    return this.#replicas.find(({ seat }) => seat.name === leader) ?? null;
  }

  async #hitProcess(fault: PlannedFault): Promise<string | null> {
    const { kind, durationMs } = fault;
    if (kind === 'kill-new') return this.killNext(locks.work, durationMs);
    const replica = this.#replicaOf(fault);
    const service = replica?.service ?? null;
    if (replica === null || service === null) return null;
    const leader = this.#starts.latest.get(locks.work);
    const command = leader?.identity === service.identity ? leader.pid : null;
    const guard = kind.endsWith('guard') ? guardOf(service.pid) : null;
    const pid = kind.endsWith('guard') ? guard : kind.endsWith('command') ? command : service.pid;
    if (pid === null) return null;
    if (kind === 'term') signal(pid, 'SIGTERM');
    else if (kind.startsWith('kill')) signal(pid, 'SIGKILL');
    else if (kind === 'suspend') await suspend(pid, durationMs);
    else {
      signal(pid, 'SIGSTOP');
      await delay(durationMs);
      signal(pid, 'SIGCONT');
    }
    return replica.seat.name;
  }

  /** SIGKILL for the leader-run whose command is the next to begin under this lock; whose it was, null for nobody's. */
  async killNext(lock: string, withinMs: number, afterMs = 0): Promise<string | null> {
    const start = await this.#starts.next(lock, AbortSignal.timeout(withinMs)).catch(() => null);
    if (start === null) return null;
    await delay(afterMs);
    const replica = this.#replicas.find(({ seat }) => seat.name === start.candidate);
    const pid = replica?.pidOf(start.identity) ?? null;
    if (pid === null) return null;
    const atMs = bootNowMs();
    signal(pid, 'SIGKILL');
    this.note({ kind: 'kill', target: start.candidate, fromMs: atMs, toMs: bootNowMs() });
    return start.candidate;
  }

  async #hitNetwork(fault: PlannedFault): Promise<string | null> {
    const { kind, durationMs, size } = fault;
    const seat = this.#replicaOf(fault)?.seat;
    if (seat === undefined) return null;
    const { network } = seat;
    const endMs = performance.now() + durationMs;
    if (kind === 'freeze' || kind === 'freeze-answers') network.frozen.add('to-client');
    if (kind === 'freeze') network.frozen.add('to-server');
    if (kind === 'slow')
      network.delayMs['to-server'] = network.delayMs['to-client'] = 20 + size * 400;
    if (kind === 'half-open') network.forget();
    if (kind === 'cut') network.cut();
    if (kind === 'twice') network.sendTwice();
    // Answers that come, but late; and then none at all, so that the last of them decides.
    if (kind === 'late-answers') {
      network.delayMs['to-client'] = 400 + size * 550;
      await delay(lateMs);
      network.frozen.add('to-server').add('to-client');
    }
    while (kind === 'cut-often' && performance.now() < endMs) {
      await delay(200);
      network.cut();
    }
    await delay(Math.max(0, endMs - performance.now()));
    network.heal();
    return seat.name;
  }

  async #hitServer({ kind, durationMs }: PlannedFault): Promise<void> {
    const { etcd, apiserver } = this.#stage.cluster;
    const server = kind.startsWith('etcd') ? etcd : apiserver;
    if (kind === 'compact') return this.#compact();
    if (kind === 'restore') return this.#restore();
    if (kind.endsWith('stop')) {
      server.pause();
      await delay(durationMs);
      server.resume();
    } else {
      await server.kill();
      await delay(durationMs);
      await server.start();
    }
  }

  async #compact(): Promise<void> {
    const { etcdUrl } = this.#stage.cluster;
    const ask = (path: string, body: object) =>
      fetch(`${etcdUrl}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) });
    const range = await ask('kv/range', { key: Buffer.from('/').toString('base64') });
    const { header } = (await range.json()) as { header: { revision: string } };
    await ask('kv/compaction', { revision: header.revision, physical: true });
  }

  /** Back to how it was some seconds ago. */
  async #restore(): Promise<void> {
    const { etcd, folder } = this.#stage.cluster;
    const [data, backup] = [join(folder, 'etcd'), join(folder, 'backup')];
    await etcd.stop();
    cpSync(data, backup, { recursive: true });
    await etcd.start();
    await delay(4_000);
    await etcd.stop();
    rmSync(data, { recursive: true });
    cpSync(backup, data, { recursive: true });
    rmSync(backup, { recursive: true });
    await etcd.start();
  }

  async #editLease({ kind, size }: PlannedFault): Promise<void> {
    const { cluster } = this.#stage;
    const path = leasePath(namespace, work);
    if (kind === 'transfer') return this.#transfer();
    if (kind === 'delete') await mustCallApi(cluster, 'DELETE', path);
    else await mustCallApi(cluster, 'PATCH', path, editOf(kind, size));
  }

  async #transfer(): Promise<void> {
    const { adminKubeconfig } = this.#stage.cluster;
    const words = [
      'transfer',
      work,
      '-n',
      namespace,
      '--kubeconfig',
      adminKubeconfig,
      '--wait',
      '5s',
    ];
    await promisify(execFile)(join(this.#program, 'bin/leader-run'), words).catch(() => undefined);
  }

  async #takeRights(fault: PlannedFault): Promise<string | null> {
    const name = this.#replicaOf(fault)?.seat.name;
    if (name === undefined) return null;
    await takeRights(this.#stage.cluster, name);
    await delay(fault.durationMs);
    await untilDone(() => giveRights(this.#stage.cluster, name));
    return name;
  }

  /** Wall clocks only: no two boot clocks of one machine run apart. */
  async #turnClock(fault: PlannedFault): Promise<string | null> {
    const seat = this.#replicaOf(fault)?.seat;
    if (seat?.clockFile === undefined || seat.clockFile === null) return null;
    const seconds = Math.round((fault.size - 0.5) * 1_200);
    const change =
      fault.kind === 'jump' ? `${seconds < 0 ? '' : '+'}${seconds}s` : `+0 x${0.5 + fault.size}`;
    writeFileSync(seat.clockFile, change);
    await delay(fault.durationMs);
    writeFileSync(seat.clockFile, '+0');
    return seat.name;
  }
}

function editOf(kind: string, size: number): object {
  if (kind === 'label') return { metadata: { labels: { touched: String(size) } } };
  return { spec: { holderIdentity: kind === 'empty' ? '' : 'somebody-else' } };
}

/** All that came of a leader-run stops, itself first, and goes on together: a machine that sleeps. */
async function suspend(pid: number, durationMs: number): Promise<void> {
  const stopped = new Set<number>();
  for (let before = -1; before < stopped.size;) {
    before = stopped.size;
    for (const each of treeOf(pid))
      if (!stopped.has(each) && signal(each, 'SIGSTOP')) stopped.add(each);
  }
  await delay(durationMs);
  for (const each of new Set([...stopped, ...treeOf(pid)])) signal(each, 'SIGCONT');
}

/** Again and again, as the API server may be down. */
async function untilDone(act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await act();
      return;
    } catch {
      await delay(300);
    }
  }
}
