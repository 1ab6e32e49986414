import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { transcriptOf } from '../contract/api.ts';
import { contractCases } from '../contract/cases.ts';
import type { Endpoint } from '../contract/client.ts';
import { writeRecorded } from '../contract/recorded.ts';
import { caseOf, sequences } from '../contract/sequences.ts';
import { startCluster, type Cluster } from './server.ts';

const sequenceCount = 1_000;
const sequencesTimeoutMs = 600_000;

describe('the sandbox cannot be told from the real kube-apiserver', () => {
  const recorded = new Map<string, readonly string[]>();
  let cluster: Cluster;
  let real: Endpoint;
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
    cluster = await startCluster();
    // Only a server that was restarted has forgotten what happened before: that is what answers 410.
    await cluster.apiserver.stop();
    await cluster.apiserver.start();
    const { url, ca, admin } = cluster;
    real = { url, tls: { ca: ca.cert, cert: admin.cert, key: admin.key } };
  });
  afterAll(async () => {
    await sandbox.close();
    await cluster.close();
    if (process.env['CONTRACT_RECORD'] !== undefined) writeRecorded(recorded);
  });

  it.each(contractCases)('$name', async (contractCase) => {
    const expected = await transcriptOf(real, contractCase);
    recorded.set(contractCase.name, expected);
    expect(await transcriptOf(sandbox, contractCase)).toEqual(expected);
  });

  it(
    `${sequenceCount} random sequences of operations are answered alike`,
    async () => {
      const seed = Number(process.env['CONTRACT_SEED'] ?? Date.now() % 2 ** 31);
      process.stderr.write(`contract: random sequences by CONTRACT_SEED=${seed}\n`);
      const isAlike = fc.asyncProperty(sequences, async (operations) => {
        const sequence = caseOf(operations);
        const expected = await transcriptOf(real, sequence);
        expect(await transcriptOf(sandbox, sequence)).toEqual(expected);
      });
      await fc.assert(isAlike, { seed, numRuns: sequenceCount });
    },
    sequencesTimeoutMs,
  );
});
