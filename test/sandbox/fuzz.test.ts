import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';

const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const types = [
  'application/json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/vnd.kubernetes.protobuf',
];
const query = fc.dictionary(
  fc.constantFrom('fieldSelector', 'labelSelector', 'resourceVersion', 'dryRun', 'limit', 'force'),
  fc.string(),
);

/** JSON that looks like a Lease, with anything in its fields. */
const leaseLike = fc
  .record(
    {
      kind: fc.oneof(fc.constant('Lease'), fc.jsonValue()),
      metadata: fc.oneof(
        fc.record({
          name: fc.oneof(fc.constant('a'), fc.jsonValue()),
          labels: fc.jsonValue(),
          ownerReferences: fc.array(fc.jsonValue()),
          finalizers: fc.jsonValue(),
        }),
        fc.jsonValue(),
      ),
      spec: fc.oneof(
        fc.record({ renewTime: fc.jsonValue(), $patch: fc.jsonValue() }),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: [] },
  )
  .map((value) => Buffer.from(JSON.stringify(value)));
const protobufLike = fc
  .uint8Array({ maxLength: 60 })
  .map((bytes) => Buffer.concat([Buffer.from('k8s\0'), bytes]));
const body = fc.oneof(
  leaseLike,
  protobufLike,
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);

describe('the sandbox', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
  });
  afterAll(() => sandbox.close());

  it('answers any request with a JSON object, and never as a bug of its own', async () => {
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE');
    const type = fc.constantFrom(...types);
    const name = fc.constantFrom('', '/a');
    const isAnswered = fc.asyncProperty(
      method,
      name,
      query,
      type,
      body,
      async (verb, each, parameters, contentType, bytes) => {
        const search = new URLSearchParams(parameters).toString();
        const answer = await fetch(`${sandbox.url}${path}${each}?${search}`, {
          method: verb,
          headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': contentType },
          ...(verb === 'GET' ? {} : { body: bytes }),
        });
        const { reason } = (await answer.json()) as { reason?: string };
        expect(reason).not.toBe('InternalError');
      },
    );
    await fc.assert(isAnswered, { numRuns: 1_000 });
  });
});
