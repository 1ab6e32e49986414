/**
 * The network between one candidate and the API server: a TCP proxy of its own that can fall silent, delay, lose the connections
 * that are open, cut them, or say something twice.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type Direction = 'to-server' | 'to-client';
const directions: readonly Direction[] = ['to-server', 'to-client'];

export class Network {
  readonly port: number;
  readonly frozen = new Set<Direction>();
  readonly delayMs: Record<Direction, number> = { 'to-server': 0, 'to-client': 0 };
  readonly #lines = new Set<Line>();
  readonly #close: () => void;

  private constructor(port: number, close: () => void) {
    this.port = port;
    this.#close = close;
  }

  /** Before the server of that URL, on a free port. */
  static async start(targetUrl: string): Promise<Network> {
    const { hostname: host, port } = new URL(targetUrl);
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const network = new Network((server.address() as AddressInfo).port, () => server.close());
    server.on('connection', (client) => {
      const far = connect({ host, port: Number(port), allowHalfOpen: true });
      network.#join({ 'to-server': far, 'to-client': client });
    });
    return network;
  }

  #join(ends: Readonly<Record<Direction, Socket>>): void {
    const line = new Line(this, ends);
    this.#lines.add(line);
    for (const end of Object.values(ends)) end.on('close', () => this.#lines.delete(line));
  }

  /** Forwards again at once, first what was held back. */
  heal(): void {
    this.frozen.clear();
    for (const direction of directions) this.delayMs[direction] = 0;
    for (const line of this.#lines) line.flush();
  }

  /** What was open is silent for ever and is closed by nobody, as if a router had forgotten it. New connections work. */
  forget(): void {
    for (const line of this.#lines) line.isForgotten = true;
    this.#lines.clear();
  }

  /** Resets what is open. */
  cut(): void {
    for (const line of this.#lines) line.cut();
  }

  /** The next bytes of each connection come twice: TLS notices. */
  sendTwice(): void {
    for (const line of this.#lines) line.isSentTwice = true;
  }

  close(): void {
    this.#close();
    this.cut();
  }
}

/** One connection. What is under way waits for its time, and then for the network to be awake. */
class Line {
  isForgotten = false;
  isSentTwice = false;
  readonly #network: Network;
  readonly #ends: Readonly<Record<Direction, Socket>>;
  readonly #under: Record<Direction, { readonly dueMs: number; readonly bytes: Buffer | null }[]> =
    {
      'to-server': [],
      'to-client': [],
    };

  constructor(network: Network, ends: Readonly<Record<Direction, Socket>>) {
    this.#network = network;
    this.#ends = ends;
    for (const direction of directions) {
      const source = ends[direction === 'to-server' ? 'to-client' : 'to-server'];
      source.setNoDelay();
      source.on('data', (bytes: Buffer) => this.#take(direction, bytes));
      source.on('end', () => this.#take(direction, null));
      source.on('error', () => {
        if (!this.isForgotten) this.cut();
      });
    }
  }

  cut(): void {
    for (const end of Object.values(this.#ends)) end.resetAndDestroy();
  }

  flush(): void {
    for (const direction of directions) this.#forward(direction);
  }

  #take(direction: Direction, bytes: Buffer | null): void {
    const delayMs = this.#network.delayMs[direction];
    this.#under[direction].push({ dueMs: performance.now() + delayMs, bytes });
    if (delayMs > 0) setTimeout(() => this.#forward(direction), delayMs);
    else this.#forward(direction);
  }

  #forward(direction: Direction): void {
    if (this.isForgotten || this.#network.frozen.has(direction)) return;
    const isHealed = this.#network.delayMs[direction] === 0;
    const under = this.#under[direction];
    for (let next = under[0]; next !== undefined; next = under[0]) {
      // Timers can be a moment early.
      if (!isHealed && next.dueMs > performance.now() + 2) return;
      under.shift();
      const sink = this.#ends[direction];
      if (next.bytes === null) sink.end();
      else sink.write(next.bytes);
      if (this.isSentTwice && next.bytes !== null) sink.write(next.bytes);
      if (next.bytes !== null) this.isSentTwice = false;
    }
  }
}
