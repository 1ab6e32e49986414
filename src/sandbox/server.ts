/** The HTTP side: connections, bodies, headers. It knows nothing of Leases. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { refuseAccess, withoutToken } from './access.ts';
import { answer, type RouteResult } from './routes.ts';
import { badRequest, failure, Refusal, tooLarge } from './status.ts';
import type { LeaseStore } from './store.ts';
import { targetOf } from './target.ts';

const maxBodyBytes = 3 * 1024 * 1024;
/** A client gets so long to deliver a request. */
const requestTimeoutMs = 30_000;
/** Longer than any client pauses between two requests, so that none uses a connection that is being closed. */
const keepAliveTimeoutMs = 3_600_000;

/** An HTTP server that answers for `store` to whoever has `token`; it does not listen yet. */
export function createApiServer(store: LeaseStore, token: string): Server {
  const listener: RequestListener = (message, response) => {
    void handle(store, token, message, response);
  };
  return createServer(
    { requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs },
    listener,
  );
}

async function handle(
  store: LeaseStore,
  token: string,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const bytes = await readBody(message);
  if (bytes === 'aborted') return;
  let given: RouteResult;
  try {
    given = respond(store, token, message, bytes, response);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const internal = failure(500, 'InternalError', `Internal error occurred: ${why}`);
    given = error instanceof Refusal ? error.reply : internal;
  }
  write(given, response);
}

function respond(
  store: LeaseStore,
  token: string,
  message: IncomingMessage,
  bytes: Buffer | 'too-large',
  response: ServerResponse,
): RouteResult {
  const { method = '', url = '/', headers } = message;
  const [rawPath = '/', ...rest] = url.split('?');
  const query = new URLSearchParams(rest.join('?'));
  const path = decodePath(rawPath);
  if (path === null) return badRequest(`invalid path: ${rawPath}`);
  const knownPath = withoutToken(path, token);
  const target = targetOf(knownPath ?? path);
  const refused = knownPath === null ? refuseAccess(headers.authorization, token, target) : null;
  if (refused !== null) return refused;
  if (bytes === 'too-large') return tooLarge(maxBodyBytes);
  const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const body = { bytes, mediaType };
  return answer(store, { method, target, query, accept: headers.accept ?? '', body, response });
}

function decodePath(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

/** The whole body; one that is too large is read to its end and forgotten, so that its sender gets to read our answer. */
async function readBody(message: IncomingMessage): Promise<Buffer | 'too-large' | 'aborted'> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length <= maxBodyBytes) chunks.push(chunk);
      else chunks.length = 0;
    }
  } catch {
    return 'aborted';
  }
  return length > maxBodyBytes ? 'too-large' : Buffer.concat(chunks);
}

function write(given: RouteResult, response: ServerResponse): void {
  if (given === 'streaming') return;
  const { code, body, warnings = [], retryAfterSeconds } = given;
  const isText = typeof body === 'string';
  const text = isText ? body : `${JSON.stringify(body)}\n`;
  if (warnings.length > 0) response.setHeader('warning', warnings.map(warningValue));
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
  response.writeHead(code, {
    'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-cache, private',
  });
  response.end(text);
}

/** A header holds ASCII only; others are escaped as in JSON. */
function warningValue(warning: string): string {
  const escaped = JSON.stringify(warning).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `299 - ${escaped}`;
}
