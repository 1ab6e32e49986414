/** Electors of other makes and leader-run take turns at one Lease: of the sandbox, and of a real API server. */
import { execa } from 'execa';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { overlaps, termsOf } from '../fixtures/judge.ts';
import { createNamespace } from './api.ts';
import { buildConformance } from './binaries.ts';
import { sayOnStderr } from './cache.ts';
import { startLeaderRun, type Candidate } from './candidates.ts';
import { hasty } from './crowd.ts';
import {
  canRun,
  clientGo,
  clientNode,
  python,
  rust,
  type Elector,
  type Place,
} from './electors/electors.ts';

const cluster = inject('cluster');
const electors = [clientGo(cluster.clientGo), clientNode, python, rust];
const buildTimeoutMs = 300_000;

const servers = [
  { server: 'the sandbox', isReal: false, reach: reachSandbox },
  { server: 'kube-apiserver', isReal: true, reach: reachCluster },
];

describe.each(servers)('$server', ({ isReal, reach }) => {
  it.each([
    ['JSON', []],
    ['protobuf', ['-protobuf']],
  ])(
    "keeps to Kubernetes' conformance test of Leases, in %s",
    { timeout: buildTimeoutMs },
    async (_, flags) => {
      const program = await buildConformance(sayOnStderr);
      const { kubeconfig, namespace } = await reach();
      const args = ['-kubeconfig', kubeconfig, '-namespace', namespace, ...flags];
      const { stdout } = await execa(program, args);
      expect(stdout.split('\n').at(-1)).toBe('the Leases of all namespaces can be listed');
    },
  );

  describe.each(electors)('an elector of $name', (elector) => {
    it.skipIf((isReal && !elector.hasTls) || !canRun(elector))(
      'G1: leads before and after a leader-run, never beside it',
      { timeout: buildTimeoutMs },
      async () => {
        const prepared = await elector.prepare();
        const { kubeconfig, namespace } = await reach();
        const place = { kubeconfig, namespace, lockName: 'shared' };
        const first = elector.start(prepared, { ...place, identity: 'first' });
        await leads(elector, first);
        const flags = [...hasty, '--namespace', namespace];
        const leaderRun = startLeaderRun({ kubeconfig, lockName: place.lockName, flags });
        await leaderRun.until('line about waiting', () => leaderRun.output[0]);
        expect(leaderRun.workerLines).toEqual([]);
        await first.stop();
        await leaderRun.workerSays('start');

        const second = elector.start(prepared, { ...place, identity: 'second' });
        await second.until('line about waiting', () =>
          second.output.find((line) => elector.waits.test(line)),
        );
        expect(elector.termOf(second)).toBeNull();
        expect(await leaderRun.stop()).toEqual({ code: 0, signal: null });
        await leads(elector, second);
        await second.stop();

        const theirs = [first, second].flatMap((candidate) => elector.termOf(candidate) ?? []);
        const terms = [...theirs, ...termsOf(leaderRun.workerLines)];
        expect(terms).toHaveLength(3);
        expect(overlaps(terms)).toEqual([]);
      },
    );
  });
});

function leads(elector: Elector, candidate: Candidate): Promise<unknown> {
  return candidate.until('sign of leading', () => elector.termOf(candidate));
}

type Reached = Pick<Place, 'kubeconfig' | 'namespace'>;

async function reachSandbox(): Promise<Reached> {
  const sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
  onTestFinished(() => sandbox.close());
  return { kubeconfig: sandbox.kubeconfigPath, namespace: 'default' };
}

async function reachCluster(): Promise<Reached> {
  return { kubeconfig: cluster.adminKubeconfig, namespace: await createNamespace(cluster) };
}
