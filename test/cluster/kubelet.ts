/**
 * What a kubelet and a Deployment's controller do, as far as leader-run has to live with it: Pods that are stored, a process for the
 * container of each, probes each second, a restart after three failed ones, a roll-out with maxSurge 1 and maxUnavailable 0.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from '../fixtures/free-port.ts';
import type { WorkerLine } from '../fixtures/judge.ts';
import { mustCallApi, type ClusterAccess } from './api.ts';
import { Candidate } from './candidates.ts';
import { createPod, readPod, type StoredPod } from './pods.ts';

const leaderRun = resolve(import.meta.dirname, '../../bin/leader-run');
const worker = resolve(import.meta.dirname, '../fixtures/worker.mjs');
const periodMs = 1_000;
const probeTimeoutMs = 2_000;
const failureThreshold = 3;

export const podLabel = { key: 'leader-run.example/role', value: 'leader' };
export const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

export class Kubelet {
  readonly #access: ClusterAccess;
  readonly #namespace: string;
  readonly #kubeconfig: string;
  /** The last of each is alive. */
  readonly containers: Container[] = [];

  constructor(access: ClusterAccess, namespace: string, kubeconfig: string) {
    this.#access = access;
    this.#namespace = namespace;
    this.#kubeconfig = kubeconfig;
  }

  /** Creates a Pod and starts its container. */
  async run(): Promise<Container> {
    const pod = await createPod(this.#access, this.#namespace);
    const ports = [await freePort(), await freePort()] as const;
    const container = new Container(pod, ports, this.#namespace, this.#kubeconfig);
    this.containers.push(container);
    return container;
  }

  /** TERM, the end of the process, and the end of the Pod. */
  async delete(container: Container): Promise<void> {
    container.isTerminating = true;
    await container.stop();
    const path = `/api/v1/namespaces/${this.#namespace}/pods/${container.pod.name}`;
    await mustCallApi(this.#access, 'DELETE', `${path}?gracePeriodSeconds=0`);
    this.containers.splice(this.containers.indexOf(container), 1);
  }

  /** As a ReplicaSet chooses which Pod to scale down: the one with the least cost. */
  async cheapest(among: readonly Container[]): Promise<Container> {
    const costs = await Promise.all(
      among.map(async (container) => {
        const pod = await readPod(this.#access, this.#namespace, container.pod.name);
        return { container, cost: Number(pod?.annotations[costAnnotation] ?? 0) };
      }),
    );
    const [first] = costs.toSorted((a, b) => a.cost - b.cost);
    if (first === undefined) throw new Error('there is no Pod');
    return first.container;
  }

  /** Pods that are Ready and not being deleted. */
  available(): Container[] {
    return this.containers.filter(({ isReady, isTerminating }) => isReady && !isTerminating);
  }
}

/** The container of a Pod, through all its restarts. */
export class Container {
  readonly pod: StoredPod;
  isReady = false;
  isTerminating = false;
  restarts = 0;
  readonly workerLines: WorkerLine[] = [];
  readonly output: string[] = [];
  readonly #start: () => Candidate;
  readonly #sickFile: string;
  readonly #port: number;
  #process: Candidate;
  #failures = 0;
  #isOver = false;

  constructor(
    pod: StoredPod,
    [port, health]: readonly [number, number],
    namespace: string,
    kubeconfig: string,
  ) {
    this.pod = pod;
    this.#port = port;
    const folder = mkdtempSync(join(tmpdir(), 'leader-run-pod-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    this.#sickFile = join(folder, 'sick');
    this.#start = () =>
      new Candidate('/usr/bin/env', [
        ...[`POD_NAME=${pod.name}`, `POD_NAMESPACE=${namespace}`, `POD_UID=${pod.uid}`],
        leaderRun,
        ...['--kubeconfig', kubeconfig, '--lock-name', 'worker', '-v'],
        ...['--pod-label', `${podLabel.key}=${podLabel.value}`],
        ...[`--http=127.0.0.1:${port}`, `--command-health=http://127.0.0.1:${health}/healthz`],
        ...['--', process.execPath, worker, '--health', String(health), '--sick', this.#sickFile],
      ]);
    this.#process = this.#start();
    void this.#probe();
  }

  get lines(): readonly WorkerLine[] {
    return [...this.workerLines, ...this.#process.workerLines];
  }

  /** From now on the command answers 500. */
  makeSick(): void {
    writeFileSync(this.#sickFile, '');
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#process.stop();
  }

  async #probe(): Promise<void> {
    while (!this.#isOver) {
      const [live, ready] = await Promise.all([this.#get('/livez'), this.#get('/readyz')]);
      this.isReady = ready === 200;
      // No one listens yet: a kubelet's initial failures count, too, but the threshold is not reached that fast.
      this.#failures = live === 200 ? 0 : this.#failures + 1;
      if (this.#failures >= failureThreshold) await this.#restart();
      await new Promise((done) => setTimeout(done, periodMs).unref());
    }
  }

  async #restart(): Promise<void> {
    this.#failures = 0;
    this.restarts += 1;
    const { workerLines, output } = this.#process;
    await this.#process.stop();
    this.workerLines.push(...workerLines);
    this.output.push(...output);
    rmSync(this.#sickFile, { force: true });
    if (!this.#isOver) this.#process = this.#start();
  }

  async #get(path: string): Promise<number> {
    const signal = AbortSignal.timeout(probeTimeoutMs);
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, { signal }).catch(
      () => null,
    );
    await response?.body?.cancel();
    return response?.status ?? 0;
  }
}
