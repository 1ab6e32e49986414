/** The sandbox never answers success for something that it has not done. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

const collection = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const strategic = 'application/strategic-merge-patch+json';
const merge = 'application/merge-patch+json';

describe('a request that the sandbox cannot do as the real server does', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
    const body = '{"metadata":{"name":"a","labels":{"k":"v"},"finalizers":["x/y"]}}';
    expect((await ask('POST', '', body)).status).toBe(201);
  });
  afterAll(() => sandbox.close());

  function ask(
    method: string,
    path: string,
    body: string | null = null,
    type = 'application/json',
  ) {
    return fetch(`${sandbox.url}${collection}${path}`, {
      method,
      headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': type },
      body,
    });
  }

  it.each([
    ['PATCH', '/a', '{"spec":{"$patch":"delete"}}', strategic, 400],
    ['PATCH', '/a', '{"$patch":"replace","spec":{}}', strategic, 400],
    ['PATCH', '/a', '{"spec":{"$retainKeys":["holderIdentity"]}}', strategic, 400],
    ['PATCH', '/a', '{"metadata":{"finalizers":["z/z"]}}', strategic, 400],
    ['PATCH', '/a', '{"metadata":{"ownerReferences":[]}}', strategic, 400],
    ['PATCH', '/a', '[{"op":"remove","path":"/spec"}]', 'application/json-patch+json', 415],
    ['PATCH', '/a', 'spec: {}', 'application/apply-patch+yaml', 415],
    ['PATCH', '/a?fieldValidation=Strict', '{"spec":{},"spec":{"leaseTransitions":1}}', merge, 422],
    ['POST', '?fieldValidation=Strict', '{"metadata":{"name":"b","name":"c"}}', '', 400],
    ['POST', '?timeout=invalid', '{"metadata":{"name":"d"}}', '', 400],
    ['GET', '?timeout=1', null, '', 400],
    ['GET', '?continue=rubbish', null, '', 400],
    ['GET', '/a/status', null, '', 404],
  ])('%s %s %s is refused in a sentence', async (method, path, body, type, status) => {
    const before = sandbox.store.revision;
    const response = await ask(method, path, body, type === '' ? undefined : type);
    expect(response.status).toBe(status);
    expect((await response.json()) as object).toMatchObject({ kind: 'Status', status: 'Failure' });
    expect(sandbox.store.revision).toBe(before);
  });

  it('a duplicate field is warned of by default, wherever it is', async () => {
    const body =
      '{"spec":{"leaseTransitions":1},"metadata":{"annotations":{"spec":"{"}},"spec":{}}';
    const response = await ask('PATCH', '/a?fieldValidation=Warn', body, merge);
    expect(response.status).toBe(200);
    expect(response.headers.get('warning')).toContain('duplicate field');
  });

  it('labels may be called anything', async () => {
    const body = '{"metadata":{"annotations":{"a":"$patch"},"labels":{"x":"y"}}}';
    expect((await ask('PATCH', '/a', body, strategic)).status).toBe(200);
  });

  it('without a token the refusal says where it belongs', async () => {
    const response = await fetch(`${sandbox.url}${collection}`);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('put the token of the kubeconfig in front');
  });
});
