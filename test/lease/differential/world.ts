/** The servers and proxies that note who asks them, and the certificates that rows are made of. */
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  createAuthority,
  createClientCertificate,
  createNamelessCertificate,
  createServerCertificate,
} from '../../fixtures/certificates.ts';
import { json, leaseObject } from '../../fixtures/api/scripted-server.ts';
import { openHttpProxy, openSocksProxy } from '../../fixtures/api/proxies.ts';

/** One request as a server saw it. */
export interface Seen {
  readonly server: string;
  /** The TLS name that was sent; null for none. */
  readonly name: string | null;
  /** Common name of the client's certificate. */
  readonly client: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

/** All of it, until `close`. */
export async function createWorld() {
  const seen: Seen[] = [];
  const closers: (() => void)[] = [];
  const certificates = await createCertificates();
  const { authority, server: local, byIntermediate, nameless } = certificates;
  const open = async (name: string, tls: ServerOptions | null) => {
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      seen.push(note(name, request));
      json(200, leaseObject('1'))(response, null as never);
    };
    const options = { requestCert: true, rejectUnauthorized: false, ...tls };
    const server: Server =
      tls === null ? createHttpServer(answer) : createHttpsServer(options, answer);
    return listen(server, closers);
  };
  const ports = {
    tls: await open('tls', { ...local, ca: authority.cert }),
    intermediate: await open('intermediate', byIntermediate),
    nameless: await open('nameless', nameless),
    plain: await open('plain', null),
  };
  const issuer = await listen(createHttpServer(issue), closers);
  const targets: string[] = [];
  const proxy = async (kind: string, make: (note: (target: string) => void) => Server) =>
    listen(
      make((target) => targets.push(`${kind} ${target}`)),
      closers,
    );
  const proxies = {
    http: await proxy('http', (note) => openHttpProxy(destinationOf(ports), note)),
    https: await proxy('https', (note) => openHttpProxy(destinationOf(ports), note, null, local)),
    nameless: await proxy('nameless', (note) =>
      openHttpProxy(destinationOf(ports), note, null, nameless),
    ),
    refusing: await proxy('refusing', (note) => openHttpProxy(destinationOf(ports), note, 407)),
    socks: await proxy('socks', (note) => openSocksProxy(destinationOf(ports), note)),
    socksWithPassword: await proxy('socks+', (note) =>
      openSocksProxy(destinationOf(ports), note, 'bob:p:w'),
    ),
  };
  return {
    ...certificates,
    ports,
    proxies,
    issuer,
    /** What was seen since it was asked last. */
    take: () => ({ seen: seen.splice(0), targets: targets.splice(0) }),
    close: () => closers.forEach((close) => close()),
  };
}

/** Behind a proxy every name leads to the servers here: port 80 and 8080 to the plain one. */
function destinationOf(ports: { readonly tls: number; readonly plain: number }) {
  return (port: number) => (port === 80 || port === 8080 ? ports.plain : ports.tls);
}

async function createCertificates() {
  const authority = await createAuthority('differential');
  const other = await createAuthority('other');
  const intermediate = await createAuthority('intermediate', authority);
  const names = ['localhost', 'api.test', 'kube.example.com'];
  return {
    authority,
    other,
    intermediate,
    server: await createServerCertificate(authority, names, ['127.0.0.1', '::1']),
    byIntermediate: await createServerCertificate(intermediate),
    nameless: await createNamelessCertificate(authority, 'localhost'),
    alice: await createClientCertificate(authority, { user: 'alice' }),
    bob: await createClientCertificate(authority, { user: 'bob' }),
  };
}

const compared = /^(?:authorization|impersonate-.*)$/;

function note(server: string, request: IncomingMessage): Seen {
  const socket = request.socket as Partial<TLSSocket>;
  const { servername } = socket as { servername?: string | false };
  const headers = Object.entries(request.headers).filter(([name]) => compared.test(name));
  const { subject } = socket.getPeerCertificate?.() ?? {};
  return {
    server,
    name: servername || null,
    client: (subject?.CN as string | undefined) ?? null,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
  };
}

/** An OpenID issuer that takes one refresh token, as often as it comes. */
function issue(request: IncomingMessage, response: ServerResponse): void {
  const origin = `http://${request.headers.host ?? ''}`;
  if (request.url === '/.well-known/openid-configuration')
    return json(200, { token_endpoint: `${origin}/token` })(response, null as never);
  const chunks: Buffer[] = [];
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => {
      const isKnown = Buffer.concat(chunks).includes('refresh_token=known');
      const body = isKnown ? { id_token: freshToken, access_token: 'a' } : { error: 'invalid' };
      json(isKnown ? 200 : 400, body)(response, null as never);
    });
}

/** A JWT that expires at this time, Unix time in seconds. */
export function jwt(expiresAt: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ exp: expiresAt })}.c2ln`;
}

export const freshToken = jwt(4_000_000_000);

async function listen(server: Server, closers: (() => void)[]): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0);
  await once(server, 'listening');
  closers.push(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
