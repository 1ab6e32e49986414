import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { transcriptOf } from './api.ts';
import { contractCases } from './cases.ts';
import { readRecorded } from './recorded.ts';

describe('the sandbox answers as a real kube-apiserver was recorded to answer', () => {
  const recorded = readRecorded();
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
  });
  afterAll(() => sandbox.close());

  it.each(contractCases)('$name', async (contractCase) => {
    expect(await transcriptOf(sandbox, contractCase)).toEqual(recorded.get(contractCase.name));
  });

  it('has a recording of every case, and of no other', () => {
    expect([...recorded.keys()]).toEqual(contractCases.map(({ name }) => name));
  });
});
