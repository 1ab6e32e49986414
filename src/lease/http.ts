/**
 * One HTTP exchange with the API server: what goes out, what came back, and why nothing did. Bodies are bounded.
 */
import {
  request as requestHttp,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import type { JsonObject } from '../json.ts';
import type { Failure } from '../election/lease.ts';
import type { Credentials } from './credentials.ts';
import { codeOf, messageOf } from './errors.ts';
import { ProxyRefusal } from './proxy-agents.ts';

/** A Lease has some hundred bytes; what is longer is none. */
export const bodyLimitBytes = 1 << 20;

/** What is asked for. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  /** Of a PATCH, a JSON merge patch (RFC 7396). */
  readonly body: JsonObject | null;
}

/** How to reach the server: what all requests have in common, made once. */
export interface Endpoint {
  /** Node's, for this scheme. */
  readonly open: typeof requestHttp;
  readonly options: RequestOptions;
  readonly basePath: string;
  readonly headers: OutgoingHttpHeaders;
}

/** `server` is http:// or https://, with or without a path. */
export function endpointOf(server: URL, userAgent: string): Endpoint {
  return {
    open: server.protocol === 'https:' ? requestHttps : requestHttp,
    options: { ...urlToHttpOptions(server), auth: null },
    basePath: server.pathname.replace(/\/+$/, ''),
    headers: { Accept: 'application/json', 'User-Agent': userAgent },
  };
}

/** Which of the keep-alive connections to use. */
export type ConnectionUse = keyof Credentials['agents'];

/** A whole answer of the server, whatever its status. */
export interface HttpReply {
  readonly id: 'reply';
  readonly status: number;
  readonly statusMessage: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type HttpResult = HttpReply | { readonly id: 'failed'; readonly failure: Failure };

/** Sends the head and the body. Throws if the credentials cannot be put into a header. */
export function startRequest(
  endpoint: Endpoint,
  { method, path, body }: HttpRequest,
  { headers, agents }: Credentials,
  connection: ConnectionUse,
  signal: AbortSignal,
): ClientRequest {
  // As text, it goes out in one piece with the head.
  const content = body === null ? null : JSON.stringify(body);
  const outgoing = endpoint.open({
    ...endpoint.options,
    path: endpoint.basePath + path,
    method,
    agent: agents[connection],
    signal,
    headers: {
      ...headers,
      ...endpoint.headers,
      ...(content !== null && {
        'Content-Type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        'Content-Length': Buffer.byteLength(content),
      }),
    },
  });
  outgoing.end(content ?? undefined);
  return outgoing;
}

/** One request and its whole answer. Never rejects; when `signal` aborts, the connection is closed. */
export function exchange(
  endpoint: Endpoint,
  call: HttpRequest,
  credentials: Credentials,
  connection: ConnectionUse,
  signal: AbortSignal,
): Promise<HttpResult> {
  return new Promise((resolve) => {
    const fail = (failure: Failure) => resolve({ id: 'failed', failure });
    try {
      startRequest(endpoint, call, credentials, connection, signal)
        .on('response', (response) => {
          void readReply(response).then(resolve);
        })
        .on('error', (error) => fail(failureOf(error)));
    } catch (error) {
      fail(unsendable(error));
    }
  });
}

/** Reads a body to its end. Never rejects. */
export function readReply(response: IncomingMessage): Promise<HttpResult> {
  const { statusCode: status = 0, statusMessage = '', headers } = response;
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    const malformed = (message: string) =>
      resolve({ id: 'failed', failure: { reason: 'malformed', message } });
    response
      .on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size <= bodyLimitBytes) return;
        malformed(`the answer is longer than ${bodyLimitBytes} bytes`);
        response.destroy();
      })
      .on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ id: 'reply', status, statusMessage, headers, body });
      })
      .on('error', (error) => malformed(`the answer broke off: ${messageOf(error)}`));
  });
}

/** Why a connection could not be made or broke before the answer. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error) ?? '';
  const message = messageOf(error);
  if (isProxyRefusal(error)) return { reason: 'credentials', message };
  if (isCertificateCode(code)) return { reason: 'certificate', code, message };
  // What answers is no HTTP server.
  if (code.startsWith('HPE_'))
    return { reason: 'malformed', message: `the answer is not HTTP: ${message}` };
  return { reason: 'network', code, message };
}

/** Why a request could not even be put together: a token with characters that no header may have, or a proxy-url that is none. */
export function unsendable(error: unknown): Failure {
  return { reason: 'credentials', message: messageOf(error) };
}

/** The proxy wants to know who asks; trying again will not tell it. */
function isProxyRefusal(error: unknown): boolean {
  if (error instanceof ProxyRefusal) return error.status === 407;
  return /^Socks5 Authentication failed|no accepted authentication type/i.test(messageOf(error));
}

/** The codes of X.509 verification, https://nodejs.org/api/tls.html#x509-certificate-error-codes, and of the check of the name. */
function isCertificateCode(code: string): boolean {
  return /^(UNABLE_TO_|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_C|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/.test(
    code,
  );
}
