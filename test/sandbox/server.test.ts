import { once } from 'node:events';
import { get, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';

/** Resolves when it is closed, in whatever way. What arrives is not read before. */
function closing(each: IncomingMessage | Socket): Promise<void> {
  each.on('error', () => undefined);
  return new Promise((resolve) => each.once('close', () => resolve()));
}

const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';

describe('the server of the sandbox', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox({ port: 0, kubeconfigPath: null, historyLimit: 10 });
  });
  afterEach(() => sandbox.close());

  const headers = () => ({ authorization: `Bearer ${sandbox.token}` });
  const call = (method: string, path: string, body?: string | Buffer, more: object = {}) =>
    fetch(`${sandbox.url}${path}`, {
      method,
      headers: { ...headers(), 'content-type': 'application/json', ...more },
      ...(body === undefined ? {} : { body }),
    });
  const create = (name: string) => call('POST', leases, JSON.stringify({ metadata: { name } }));

  async function watch(query = ''): Promise<IncomingMessage> {
    const sent = get(`${sandbox.url}${leases}?watch=1${query}`, { headers: headers() });
    sent.on('error', () => undefined);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response.on('error', () => undefined);
  }

  /** Resolves when as many watches are left, without waiting for a time. */
  async function listenersLeft(count: number): Promise<void> {
    while (sandbox.store.listenerCount !== count) await new Promise(setImmediate);
  }

  it('listens on loopback only', () => {
    expect(new URL(sandbox.url).hostname).toBe('127.0.0.1');
  });

  it('knows a client by the token in the path, as kubectl sends none over http', async () => {
    const known = await fetch(`${sandbox.url}/${sandbox.token}${leases}`);
    expect(known.status).toBe(200);
    const unknown = await fetch(`${sandbox.url}/${'0'.repeat(24)}${leases}`);
    expect(unknown.status).toBe(403);
  });

  it('forgets a watch that its client gave up', async () => {
    const response = await watch();
    expect(sandbox.store.listenerCount).toBe(1);
    response.destroy();
    await listenersLeft(0);
  });

  it('forgets a watch that timed out', async () => {
    const response = await watch('&timeoutSeconds=1');
    expect(await text(response)).toBe('');
    await listenersLeft(0);
  });

  it('cuts off a watch whose client does not read', async () => {
    const response = await watch();
    const closed = closing(response);
    const holderIdentity = 'x'.repeat(1_000_000);
    for (let count = 0; sandbox.store.listenerCount > 0; count += 1) {
      expect(count).toBeLessThan(100);
      const body = { metadata: { name: `a${count}` }, spec: { holderIdentity } };
      await call('POST', leases, JSON.stringify(body));
    }
    response.destroy();
    await closed;
  });

  it('ends every connection when it is closed: watches, idle ones, half-sent requests', async () => {
    const { port } = new URL(sandbox.url);
    const response = await watch();
    const idle = connect(Number(port), '127.0.0.1');
    const half = connect(Number(port), '127.0.0.1');
    await Promise.all([once(idle, 'connect'), once(half, 'connect')]);
    half.write(`POST ${leases} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`);
    const ended = [response, idle, half].map(closing);
    await sandbox.close();
    await Promise.all(ended);
    expect(sandbox.store.listenerCount).toBe(0);
  });

  it('reads a body that is too large to its end, and keeps none of it', async () => {
    const sent = request(`${sandbox.url}${leases}`, { method: 'POST', headers: headers() });
    const answered = once(sent, 'response');
    for (let count = 0; count < 20; count += 1) sent.write('x'.repeat(1_000_000));
    sent.end();
    const [response] = (await answered) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    expect(await text(response)).toContain('limit is 3145728');
  });

  it('outlives a request that is cut off, and nonsense', async () => {
    const { port } = new URL(sandbox.url);
    for (const nonsense of [
      'GET',
      '\0\0\0\r\n\r\n',
      `POST ${leases} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a`,
      'GET /%ff%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    ]) {
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      const closed = closing(socket.resume());
      socket.end(nonsense);
      await closed;
    }
    expect((await call('GET', leases)).status).toBe(200);
  });

  it('outlives an object nested beyond reason', async () => {
    const depth = 200_000;
    const deep = `{"spec":${'{"a":'.repeat(depth)}1${'}'.repeat(depth + 1)}`;
    const answer = await call('POST', leases, deep);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect((await call('GET', leases)).status).toBe(200);
  });

  it('keeps fields called __proto__ out', async () => {
    const body = '{"metadata":{"name":"a","labels":{"__proto__":"x"}},"__proto__":{"kind":"x"}}';
    expect((await call('POST', leases, body)).status).toBe(422);
    const patch = { 'content-type': 'application/merge-patch+json' };
    await create('a');
    await call('PATCH', `${leases}/a`, '{"__proto__":{"polluted":1},"spec":null}', patch);
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  it('forgets old events: a watch from before is 410, and so is an exact list', async () => {
    const first = (await (await create('a')).json()) as { metadata: { resourceVersion: string } };
    const { resourceVersion } = first.metadata;
    for (let count = 0; count < 10; count += 1) await create(`b${count}`);
    const events = await text(await watch(`&resourceVersion=${resourceVersion}`));
    expect(JSON.parse(events)).toMatchObject({
      type: 'ERROR',
      object: { code: 410, reason: 'Expired' },
    });
    const query = `resourceVersionMatch=Exact&resourceVersion=${resourceVersion}`;
    expect((await call('GET', `${leases}?${query}`)).status).toBe(410);
  });

  it('shows kubectl a table', async () => {
    await call('POST', leases, '{"metadata":{"name":"a"},"spec":{"holderIdentity":"me"}}');
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    for (const path of [leases, `${leases}/a`]) {
      const answer = await call('GET', path, undefined, { accept });
      const { kind, rows } = (await answer.json()) as { kind: string; rows: { cells: unknown }[] };
      expect(kind).toBe('Table');
      expect(rows.map(({ cells }) => cells)).toEqual([['a', 'me', expect.stringMatching(/^\ds$/)]]);
    }
  });

  it('takes the protobuf that client-go sends', async () => {
    const sent =
      'azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRJRCh8KCGNhcHR1cmVkEgAaB2RlZmF1bHQiACoAMgA4AEIAEi4KDGNsaWVudC1nbyDDqRA8GgwIu6yF2AYQmKas/wIiDAi7rIXYBhCYpqz/AigAGgAiAA==';
    const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    const answer = await call('POST', leases, Buffer.from(sent, 'base64'), protobuf);
    expect(await answer.json()).toMatchObject({
      metadata: { name: 'captured', namespace: 'default' },
      spec: {
        holderIdentity: 'client-go é',
        leaseDurationSeconds: 60,
        acquireTime: '2026-11-21T08:28:43.803935Z',
        renewTime: '2026-11-21T08:28:43.803935Z',
        leaseTransitions: 0,
      },
    });
  });

  it('refuses protobuf that is cut off anywhere, and lives', async () => {
    const magic = Buffer.from('k8s\0');
    const whole = Buffer.from('0a0b0a0676312e612e62120161120b0a090a0161', 'hex');
    const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    for (let length = 0; length < whole.length; length += 1) {
      const body = Buffer.concat([magic, whole.subarray(0, length)]);
      const answer = await call('POST', leases, body, protobuf);
      expect([400, 422]).toContain(answer.status);
    }
  });

  it('answers what kubectl asks before it writes', async () => {
    for (const path of ['/api', '/apis', '/api/v1', '/version', '/openapi/v3', '/']) {
      expect((await call('GET', path)).status, path).toBe(200);
    }
    const { paths } = (await (await call('GET', '/openapi/v3')).json()) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const url = paths['apis/coordination.k8s.io/v1']?.serverRelativeURL ?? '';
    expect((await call('GET', url)).status).toBe(200);
    const namespaces = (await (await call('GET', '/api/v1/namespaces')).json()) as {
      items: { metadata: { name: string } }[];
    };
    const names = namespaces.items.map(({ metadata }) => metadata.name);
    expect(names).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    expect((await call('GET', '/api/v1/namespaces/default')).status).toBe(200);
    expect((await call('POST', '/api/v1/namespaces', '{}')).status).toBe(405);
  });
});

describe('a sandbox that cannot start', () => {
  it('says that its port is taken', async () => {
    const first = await startSandbox({ port: 0, kubeconfigPath: null });
    const port = Number(new URL(first.url).port);
    await expect(startSandbox({ port, kubeconfigPath: null })).rejects.toThrow(
      `Cannot serve on 127.0.0.1:${port}: listen EADDRINUSE`,
    );
    await first.close();
  });
});
