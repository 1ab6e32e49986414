/**
 * Agents that connect through an http:// or https:// proxy. An https:// server is reached by CONNECT, an http:// one by asking the proxy
 * for the whole URL, as Go does: many proxies allow CONNECT to the ports of https:// alone.
 *
 * client-node's own (hpagent) cannot reach an IPv6 address, cannot say that a proxy wants a password, and asks for CONNECT always.
 */
import {
  Agent as HttpAgent,
  request as requestHttp,
  type ClientRequest,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { namedOptions } from './tls-name.ts';

/**
 * A proxy that does not answer a CONNECT is given up after this; the connection to it is not the request's own, so it does not end with
 * the request.
 */
const answerTimeoutMs = 30_000;

/** An http:// or https:// proxy. */
export interface HttpProxy {
  readonly url: URL;
  /** Whom to trust as an https:// proxy. */
  readonly secureContext: SecureContext;
}

/** What Node's types leave out. */
type OnSocket = (error: Error | null, socket: Duplex) => void;
type Connect = (options: object, onSocket?: OnSocket) => Duplex;

/** Connects to https:// servers. */
export class TunnelAgent extends HttpsAgent {
  readonly #proxy: HttpProxy;

  constructor(proxy: HttpProxy, options: object) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(options: RequestOptions, onSocket?: OnSocket): undefined {
    const proxy = this.#proxy;
    const target = authorityOf(options);
    const done = onSocket as (error: Error | null, socket?: Duplex) => void;
    const request = proxy.url.protocol === 'https:' ? requestHttps : requestHttp;
    const connecting = request({
      ...addressOf(proxy),
      agent: false,
      method: 'CONNECT',
      path: target,
      setHost: false,
      headers: { Host: target, ...authorizationOf(proxy.url) },
      timeout: answerTimeoutMs,
    });
    connecting.once('connect', (response, socket: Socket) => {
      if (response.statusCode === 200) {
        socket.setTimeout(0);
        const connectOver = super.createConnection.bind(this) as Connect;
        return done(null, connectOver({ ...options, socket }));
      }
      socket.destroy();
      done(refusal(proxy.url, response.statusCode ?? 0));
    });
    connecting.once('timeout', () =>
      connecting.destroy(new Error(`proxy ${proxy.url.host} does not answer`)),
    );
    connecting.once('error', done);
    connecting.end();
    return undefined;
  }
}

/** Connects to http:// servers. */
export class ForwardAgent extends HttpAgent {
  readonly #proxy: HttpProxy;

  constructor(proxy: HttpProxy, options: object) {
    super(options);
    this.#proxy = proxy;
  }

  /** What node:http calls with each request before its head is made. */
  addRequest(request: ClientRequest, options: RequestOptions): void {
    request.path = `http://${authorityOf(options)}${request.path}`;
    for (const [name, value] of Object.entries(authorizationOf(this.#proxy.url)))
      request.setHeader(name, value);
    const base = HttpAgent.prototype as unknown as Pick<ForwardAgent, 'addRequest'>;
    base.addRequest.call(this, request, { ...options, ...addressOf(this.#proxy) });
  }

  override createConnection(options: object, onSocket?: OnSocket): Duplex {
    if (this.#proxy.url.protocol === 'https:') return connectTls(options);
    return (super.createConnection.bind(this) as Connect)(options, onSocket);
  }
}

/** The proxy wants to know who asks, or does not allow it. */
export class ProxyRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function refusal({ host }: URL, status: number): ProxyRefusal {
  return new ProxyRefusal(
    status,
    status === 407
      ? `proxy ${host} requires authentication (407): put user and password into the URL of the proxy`
      : `proxy ${host} answers CONNECT with ${status}`,
  );
}

function authorityOf({ host, port }: RequestOptions): string {
  return `${isIP(host ?? '') === 6 ? `[${host ?? ''}]` : (host ?? '')}:${port ?? ''}`;
}

function addressOf({ url, secureContext }: HttpProxy) {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isTls = url.protocol === 'https:';
  const port = url.port || (isTls ? '443' : '80');
  return {
    host,
    port,
    ...(isTls && { secureContext, ...namedOptions(host) }),
  };
}

function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}
