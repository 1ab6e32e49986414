/** What connects to a server: straight or through a proxy, over TLS as Go verifies it. */
import { X509Certificate } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { messageOf } from './errors.ts';
import { ForwardAgent, TunnelAgent } from './proxy-agents.ts';
import { namedOptions } from './tls-name.ts';

/** The kernel probes a silent connection after this time. */
const keepAliveProbeMs = 30_000;

/** Where to connect to, and how. */
export interface Destination {
  readonly server: URL;
  readonly proxy: URL | null;
  /** Whom to trust, PEM; null: {@link roots}. */
  readonly authority: Buffer | null;
  /** Whom to trust where no authority is named; null: whom OpenSSL trusts. */
  readonly roots?: readonly string[] | null;
  /** The client's certificate and its key, PEM. */
  readonly certificate?: string | Buffer | null;
  readonly key?: string | Buffer | null;
  /** The name in the server's certificate; null: that of the server. */
  readonly tlsName?: string | null;
  readonly skipsVerification?: boolean;
}

/** An agent that keeps one connection open. Rejects, naming what is broken, if the certificates cannot be used. */
export async function createAgent(destination: Destination): Promise<HttpAgent> {
  const [agent] = await createAgents(destination, 1);
  return agent as HttpAgent;
}

/** Several of them, which never share a connection, at the price of one. */
export async function createAgents(destination: Destination, count: number): Promise<HttpAgent[]> {
  const { server, proxy } = destination;
  const isTls = server.protocol === 'https:';
  const options = {
    keepAlive: true,
    keepAliveMsecs: keepAliveProbeMs,
    maxFreeSockets: 1,
    ...(isTls && tlsOptions(destination)),
  };
  const create = await agentMaker(destination, isTls, proxy);
  return Array.from({ length: count }, () => create(options));
}

type Maker = (options: object) => HttpAgent;

async function agentMaker(
  destination: Destination,
  isTls: boolean,
  url: URL | null,
): Promise<Maker> {
  if (url === null) return (options) => (isTls ? new HttpsAgent(options) : new HttpAgent(options));
  if (url.protocol.startsWith('socks')) {
    const { SocksProxyAgent } = await import('socks-proxy-agent');
    // Names are for the proxy to look up, as in Go: they may be known there alone.
    const socks = url.href.replace(/^socks5:/, 'socks5h:');
    return (options) => withOptions(new SocksProxyAgent(socks, options), options);
  }
  const proxy = { url, secureContext: proxyContext(destination, url) };
  return (options) => (isTls ? new TunnelAgent(proxy, options) : new ForwardAgent(proxy, options));
}

/** SocksProxyAgent keeps for itself what a connection is to have. */
function withOptions(agent: HttpAgent, options: object): HttpAgent {
  return Object.assign(agent, { options: Object.assign({}, options) });
}

function tlsOptions(destination: Destination) {
  const { server, tlsName, skipsVerification } = destination;
  return {
    // Made once: parsing certificates is the dearest part of connecting.
    secureContext: secureContextOf(destination),
    rejectUnauthorized: skipsVerification !== true,
    ...namedOptions(tlsName ?? server.hostname.replace(/^\[|\]$/g, '')),
  };
}

/** Go trusts as a proxy whom it trusts as the server; the system's authorities are trusted too, as a company's proxy is not the cluster's. */
function proxyContext({ authority }: Destination, { protocol }: URL): SecureContext {
  const context = createSecureContext();
  if (protocol !== 'https:' || authority === null) return context;
  const native = context.context as { addCACert(certificate: string): void };
  for (const certificate of certificatesOf(authority)) native.addCACert(certificate);
  return context;
}

function secureContextOf({ authority, roots, certificate, key }: Destination): SecureContext {
  const ca = authority === null ? (roots ?? null) : certificatesOf(authority);
  const pem = {
    ...(ca !== null && { ca: [...ca] }),
    ...(certificate && { cert: certificate }),
    ...(key && { key }),
    // What is named is trusted, also if somebody else has signed it: so it is in Go.
    allowPartialTrustChain: true,
  };
  try {
    return createSecureContext(pem);
  } catch (error) {
    throw new Error(`${blame(pem)}: ${messageOf(error)}`, { cause: error });
  }
}

/** Those that can be read: one that is broken does not spoil the others. */
function certificatesOf(bundle: Buffer): string[] {
  const blocks = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
  const found = bundle.toString('latin1').match(blocks) ?? [];
  let problem = 'there is no PEM certificate in it';
  const readable = found.filter((certificate) => {
    try {
      new X509Certificate(certificate);
      return true;
    } catch (error) {
      problem = messageOf(error);
      return false;
    }
  });
  // Node passes over an authority that it cannot read, and then trusts nobody.
  if (readable.length === 0) throw new Error(`certificate authority is broken: ${problem}`);
  return readable;
}

function blame({ cert, key }: { cert?: string | Buffer; key?: string | Buffer }): string {
  if (cert && isRefused({ cert })) return 'client certificate is broken';
  if (key && isRefused({ key })) return 'client key is broken';
  return 'client certificate and client key do not belong together';
}

function isRefused(pem: { cert?: string | Buffer; key?: string | Buffer }): boolean {
  try {
    createSecureContext(pem);
    return false;
  } catch {
    return true;
  }
}
