import { group, lease, leases, type ContractCase } from './api.ts';
import type { Credentials } from './client.ts';

const guarded: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ['GET', `${leases}/a`],
  ['GET', leases],
  ['GET', `${leases}?watch=1`],
  ['POST', leases, lease('a')],
  ['PUT', `${leases}/a`, lease('a')],
  ['PATCH', `${leases}/a`, {}],
  ['DELETE', `${leases}/a`],
  ['DELETE', leases],
  ['GET', `${group}/leases`],
  ['GET', '/apis'],
  ['GET', '/no-such-path'],
];

/** Credentials, methods, paths and media types. */
export const httpCases: readonly ContractCase[] = [
  ...(['wrong', 'none'] as const).map((credentials: Credentials): ContractCase => ({
    name: `with ${credentials === 'wrong' ? 'a wrong token all is 401' : 'no token all is 403'}`,
    play: async (api) => {
      for (const [method, path, body] of guarded) {
        await api.call({ method, path, body, credentials });
      }
    },
  })),
  {
    name: 'health is for everybody, except with a wrong token',
    play: async (api) => {
      for (const path of ['/healthz', '/livez', '/readyz']) {
        await api.call({ method: 'GET', path });
        await api.call({ method: 'GET', path, credentials: 'none' });
        await api.call({ method: 'GET', path, credentials: 'wrong' });
      }
    },
  },
  {
    name: 'a method that makes no sense is 405',
    play: async (api) => {
      for (const method of ['POST', 'OPTIONS', 'TRACE']) {
        await api.call({ method, path: `${leases}/a` });
      }
      for (const method of ['PUT', 'PATCH', 'OPTIONS', 'TRACE']) {
        await api.call({ method, path: leases });
      }
      await api.call({ method: 'HEAD', path: leases });
    },
  },
  {
    name: 'a path that leads nowhere is 404',
    play: async (api) => {
      for (const path of [
        `${leases}/a/status`,
        `${leases}/a/b/c`,
        `${leases}/..%2Fx`,
        `${leases}//a`,
        `${group}/namespaces/default/foos`,
        `${group}/namespaces/default`,
        `${group}/foos`,
        '/apis/coordination.k8s.io/v2',
        '/apis/foo',
        '/foo',
      ]) {
        await api.call({ method: 'GET', path });
      }
    },
  },
  {
    name: 'a body of another content type is 415',
    play: async (api) => {
      for (const type of [
        'text/plain',
        'application/merge-patch+json',
        'application/x-www-form-urlencoded',
      ]) {
        const headers = { 'content-type': type };
        await api.call({ method: 'POST', path: leases, body: lease('a'), headers });
        await api.call({ method: 'PUT', path: `${leases}/a`, body: lease('a'), headers });
        await api.call({ method: 'DELETE', path: `${leases}/a`, body: {}, headers });
      }
    },
  },
  {
    name: 'JSON is JSON in any case and with any parameter',
    play: async (api) => {
      for (const [index, type] of ['APPLICATION/JSON', 'application/json;charset=x'].entries()) {
        const headers = { 'content-type': type };
        await api.call({ method: 'POST', path: leases, body: lease(`a${index}`), headers });
      }
    },
  },
  {
    name: 'an answer that the client does not accept is 406',
    play: async (api) => {
      await api.given('a');
      for (const accept of ['text/html', 'application/*', 'application/cbor']) {
        await api.call({ method: 'GET', path: `${leases}/a`, headers: { accept } });
      }
    },
  },
  {
    name: 'JSON is answered to whoever accepts it among others',
    play: async (api) => {
      await api.given('a');
      for (const accept of [
        '',
        '*/*',
        'text/html, application/json;q=0.5',
        'application/json;stream=watch',
      ]) {
        await api.call({ method: 'GET', path: `${leases}/a`, headers: { accept } });
      }
    },
  },
  {
    name: 'a namespace that does not exist is 404',
    play: async (api) => {
      await api.call({ method: 'GET', path: '/api/v1/namespaces/no-such-namespace' });
    },
  },
  {
    name: 'the group is discovered',
    play: (api) => api.call({ method: 'GET', path: '/apis/coordination.k8s.io' }),
  },
];
