/**
 * A gateway before the API server that sees each request by itself: it notes when Pods' labels were changed, by the API server's own
 * answer, and can let such a request hang.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createServerCertificate } from '../fixtures/certificates.ts';
import type { ClusterAccess } from './api.ts';
import { certificateUser, writeKubeconfig } from './users.ts';

/** One PATCH of a Pod. Instants are Unix ms, with fractions. */
export interface LabelPatch {
  readonly arrivedAtMs: number;
  /** When the API server had answered it; null: it has not. */
  readonly answeredAtMs: number | null;
  /** The Pod's labels by that answer. */
  readonly labels: Readonly<Record<string, string>>;
}

export class Gateway {
  readonly patches: LabelPatch[] = [];
  readonly kubeconfig: string;
  /** From now on no PATCH is passed on, nor answered. */
  swallowsPatches = false;
  #isSilent = false;
  readonly #access: ClusterAccess;

  private constructor(access: ClusterAccess, port: number) {
    this.#access = access;
    const server = `https://127.0.0.1:${port}`;
    this.kubeconfig = writeKubeconfig(access, { user: certificateUser(access.admin), server });
  }

  /** Whoever comes is the cluster's administrator to it. It ends with the test. */
  static async start(access: ClusterAccess): Promise<Gateway> {
    const server: Server = createServer(await createServerCertificate(access.ca));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const gateway = new Gateway(access, (server.address() as AddressInfo).port);
    server.on('request', (from, to) => void gateway.#serve(from, to));
    return gateway;
  }

  /** From now on nothing is passed on, either way, and nothing closed. */
  fallSilent(): void {
    this.#isSilent = true;
  }

  async #serve(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const isPatch = from.method === 'PATCH';
    const arrivedAtMs = nowMs();
    const body = await read(from);
    if (this.#isSilent) return;
    if (isPatch && this.swallowsPatches) {
      this.patches.push({ arrivedAtMs, answeredAtMs: null, labels: {} });
      return;
    }
    const { url, ca, admin } = this.#access;
    const call = request(new URL(from.url ?? '/', url), {
      ...{ method: from.method, headers: from.headers },
      ...{ ca: ca.cert, cert: admin.cert, key: admin.key },
    });
    // A watch that is given up.
    to.on('close', () => call.destroy());
    call.on('error', () => to.destroy());
    call.on('response', (answer) => {
      answer.on('error', () => to.destroy());
      if (isPatch) void this.#note(arrivedAtMs, answer).then((text) => send(text));
      else send(null);
      function send(text: Buffer | null): void {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        if (text === null) answer.pipe(to);
        else to.end(text);
      }
    });
    call.end(body);
  }

  async #note(arrivedAtMs: number, answer: IncomingMessage): Promise<Buffer> {
    const text = await read(answer);
    const answeredAtMs = nowMs();
    const { metadata = {} } = JSON.parse(text.toString()) as {
      metadata?: { labels?: Record<string, string> };
    };
    this.patches.push({ arrivedAtMs, answeredAtMs, labels: metadata.labels ?? {} });
    return text;
  }
}

/** The clock of the workers (worker.mjs). */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
