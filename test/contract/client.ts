/** A raw HTTP client for the contract: what it sends and hears is what is on the wire. */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';

/** A server under contract: the sandbox, by its token, or a real one, by a client certificate. */
export interface Endpoint {
  readonly url: string;
  readonly token?: string;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** `wrong`: a token that the server does not know; `none`: nothing at all. */
export type Credentials = 'right' | 'wrong' | 'none';

export interface Call {
  readonly method: string;
  readonly path: string;
  /** Text goes as it is, all else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly credentials?: Credentials;
}

/** `body`: parsed JSON, or the text if it is none. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

const timeoutMs = 20_000;
const agents = {
  http: new Agent({ keepAlive: true }),
  https: new TlsAgent({ keepAlive: true }),
};

function open(endpoint: Endpoint, call: Call): Promise<IncomingMessage> {
  const { method, path, body, credentials = 'right' } = call;
  const data = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  const isAdmin = credentials === 'right';
  const token = isAdmin ? endpoint.token : credentials === 'wrong' ? 'wrong' : undefined;
  const { ca, cert, key } = endpoint.tls ?? {};
  return new Promise((resolve, reject) => {
    const isTls = endpoint.url.startsWith('https:');
    const sent = (isTls ? httpsRequest : httpRequest)(`${endpoint.url}${path}`, {
      method,
      agent: isTls ? agents.https : agents.http,
      timeout: timeoutMs,
      ca,
      ...(isAdmin ? { cert, key } : {}),
      headers: {
        accept: 'application/json',
        ...(data === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(data) }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...call.headers,
      },
    });
    sent.on('timeout', () =>
      sent.destroy(new Error(`${method} ${path}: silent for ${timeoutMs} ms`)),
    );
    sent.on('error', reject);
    sent.on('response', resolve);
    sent.end(data);
  });
}

/** One request and its whole answer. */
export async function send(endpoint: Endpoint, call: Call): Promise<RawAnswer> {
  const message = await open(endpoint, call);
  let text = '';
  for await (const chunk of message.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  return { status: message.statusCode ?? 0, headers: message.headers, body: parse(text) };
}

export interface RawEvent {
  readonly type: string;
  readonly object: unknown;
}

/** A watch that is open: the server has answered, and from now on reports changes. */
export class OpenWatch {
  readonly status: number;
  readonly #message: IncomingMessage;
  readonly #lines: AsyncIterator<string, undefined>;

  constructor(message: IncomingMessage) {
    this.status = message.statusCode ?? 0;
    this.#message = message;
    this.#lines = linesOf(message);
  }

  /** The next event; null when the server has ended the watch. */
  async next(): Promise<RawEvent | null> {
    const { done, value } = await this.#lines.next();
    return done === true ? null : (parse(value) as RawEvent);
  }

  close(): void {
    this.#message.destroy();
  }
}

/** Opens a watch and waits for the head of its answer. */
export async function openWatch(endpoint: Endpoint, path: string): Promise<OpenWatch> {
  return new OpenWatch(await open(endpoint, { method: 'GET', path }));
}

async function* linesOf(message: IncomingMessage): AsyncGenerator<string, undefined> {
  let rest = '';
  for await (const chunk of message.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
