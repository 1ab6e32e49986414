/**
 * The HTTP side of `--http`: few connections, short time-outs, GET and HEAD. It knows nothing of elections, and whatever clients
 * do there costs the election no more than the work of accepting them.
 */
import { createServer, STATUS_CODES, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const headersTimeoutMs = 5_000;
/** Node looks for clients that are too slow only so often. */
const checkEveryMs = 1_000;
/** Further ones are closed at once. */
const mostConnections = 64;
/** Of those, so many may be streams: probes must find a place. */
const mostStreams = 16;
/** A client that reads so much too slowly is dropped. */
const mostUnreadBytes = 65_536;
const streamCommentEveryMs = 15_000;

/** null: any address. */
export interface ListenAddress {
  readonly host: string | null;
  readonly port: number;
}

export interface Reply {
  readonly status: number;
  readonly type: 'text/plain; charset=utf-8' | 'application/json' | (string & {});
  readonly body: string;
}

export interface Routes {
  /** Null: there is nothing of this path. */
  readonly answer: (path: string, query: URLSearchParams) => Promise<Reply | null> | Reply | null;
  /** The path of the one stream, and what a client gets first. */
  readonly streamPath: string;
  readonly firstEvent: () => string;
}

export interface HttpServer {
  readonly port: number;
  /** To all clients of the stream. */
  readonly send: (event: string) => void;
  readonly close: () => void;
}

/** Listens. Rejects if the address cannot be had. */
export async function startHttpServer(address: ListenAddress, routes: Routes): Promise<HttpServer> {
  const streams = createStreams();
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: headersTimeoutMs,
      keepAliveTimeout: headersTimeoutMs,
      connectionsCheckingInterval: checkEveryMs,
    },
    (request, response) => {
      response.on('error', () => undefined);
      // Nobody has asked for a body.
      request.resume();
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('Allow', 'GET, HEAD');
        return reply(response, textReply(405));
      }
      const [path = '/', query = ''] = (request.url ?? '/').split('?');
      if (path === routes.streamPath && request.method === 'GET')
        return streams.open(response, routes.firstEvent());
      answerBy(routes, path, query).then(
        (found) => reply(response, found ?? textReply(404)),
        // A mistake in an answer must cost no more than the answer.
        () => reply(response, textReply(500)),
      );
    },
  );
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host ?? undefined, resolve);
  });
  // A failing accept (too many open files) is the client's trouble, not the election's.
  server.on('error', () => undefined);
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    send: streams.send,
    close: () => {
      streams.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answerBy(routes: Routes, path: string, query: string): Promise<Reply | null> {
  return routes.answer(path, new URLSearchParams(query));
}

/** The status line as a text. */
export function textReply(status: number, body = `${STATUS_CODES[status] ?? ''}\n`): Reply {
  return { status, type: 'text/plain; charset=utf-8', body };
}

function reply(response: ServerResponse, { status, type, body }: Reply): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}

/** Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html */
function createStreams() {
  const clients = new Set<ServerResponse>();
  let comments: NodeJS.Timeout | null = null;
  const write = (text: string): void => {
    for (const client of clients) {
      if (client.writableLength > mostUnreadBytes) client.destroy();
      else client.write(text);
    }
  };
  const stopComments = (): void => {
    if (comments !== null) clearInterval(comments);
    comments = null;
  };
  return {
    open: (response: ServerResponse, first: string): void => {
      if (clients.size >= mostStreams) return reply(response, textReply(503));
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      response.write(`data: ${first}\n\n`);
      clients.add(response);
      comments ??= setInterval(() => write(':\n\n'), streamCommentEveryMs).unref();
      response.on('close', () => {
        clients.delete(response);
        if (clients.size === 0) stopComments();
      });
    },
    send: (event: string): void => write(`data: ${event}\n\n`),
    close: (): void => {
      stopComments();
      for (const client of clients) client.end();
    },
  };
}
