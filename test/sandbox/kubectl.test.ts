/** What kubectl does with Leases, by the kubectl of this machine. */
import { spawnSync } from 'node:child_process';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

const list = `
apiVersion: v1
kind: List
items:
- {apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: a}, spec: {holderIdentity: x}}
- {apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: b}}
`;

// Without kubectl these are skipped.
describe.runIf(hasKubectl)('kubectl', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
  });
  afterAll(() => sandbox.close());

  async function kubectl(words: readonly string[], input = ''): Promise<string> {
    const { all } = await execa('kubectl', words, {
      input,
      all: true,
      reject: false,
      env: { KUBECONFIG: sandbox.kubeconfigPath },
    });
    return all;
  }

  it('creates, applies, labels, patches, waits for, explains and deletes', async () => {
    expect(await kubectl(['create', '-f', '-'], list)).toBe(
      'lease.coordination.k8s.io/a created\nlease.coordination.k8s.io/b created',
    );
    expect(await kubectl(['apply', '-f', '-'], list)).toContain(
      'lease.coordination.k8s.io/b configured',
    );
    expect(await kubectl(['label', 'lease', 'a', 'k=v'])).toContain('labeled');
    expect(await kubectl(['get', 'leases', '-l', 'k=v', '-o', 'name'])).toBe(
      'lease.coordination.k8s.io/a',
    );
    const patch = '{"spec":{"holderIdentity":"y"}}';
    expect(await kubectl(['patch', 'lease', 'a', '-p', patch])).toContain('patched');
    const condition = '--for=jsonpath={.spec.holderIdentity}=y';
    expect(await kubectl(['wait', 'lease/a', condition, '--timeout=30s'])).toContain(
      'condition met',
    );
    expect(await kubectl(['explain', 'lease.spec.holderIdentity'])).toContain(
      'FIELD: holderIdentity <string>',
    );
    expect(await kubectl(['delete', '-f', '-'], list)).toContain('"b" deleted');
  });

  it('is told what cannot be done', async () => {
    expect(await kubectl(['get', '--raw', '/apis/coordination.k8s.io/v1/leases'])).toContain(
      'put the token of the kubeconfig in front',
    );
    await kubectl(['create', '-f', '-'], list);
    expect(await kubectl(['patch', 'lease', 'a', '--type=json', '-p', '[]'])).toContain(
      'leader-run sandbox takes merge patches',
    );
  });
});
