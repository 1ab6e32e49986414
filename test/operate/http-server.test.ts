import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startHttpServer, textReply, type HttpServer } from '../../src/operate/http-server.ts';

async function server(): Promise<HttpServer> {
  const started = await startHttpServer(
    { host: '127.0.0.1', port: 0 },
    {
      answer: (path) => (path === '/ok' ? textReply(200, 'ok') : null),
      streamPath: '/events',
      firstEvent: () => '{"name":"a"}',
    },
  );
  onTestFinished(() => started.close());
  return started;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that the server sends until it closes the connection. */
async function rest(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

async function ask(port: number, request: string): Promise<string> {
  const socket = await open(port);
  socket.write(`${request}\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return rest(socket);
}

test('GET and HEAD, and no other method', async () => {
  const { port } = await server();
  expect(await ask(port, 'GET /ok?a=b HTTP/1.1')).toMatch(/^HTTP\/1.1 200 OK[^]*\r\n\r\nok$/);
  expect(await ask(port, 'HEAD /ok HTTP/1.1')).toMatch(/^HTTP\/1.1 200 OK[^]*\r\n\r\n$/);
  expect(await ask(port, 'GET /no HTTP/1.1')).toMatch(/^HTTP\/1.1 404 /);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    expect(await ask(port, `${method} /ok HTTP/1.1`)).toMatch(
      /^HTTP\/1.1 405 [^]*Allow: GET, HEAD/,
    );
});

test('what is not HTTP is answered and closed', async () => {
  const { port } = await server();
  expect(await ask(port, 'hello')).toMatch(/^HTTP\/1.1 400 /);
});

test('a client that does not send its head within 5 s is closed', async () => {
  const { port } = await server();
  const socket = await open(port);
  socket.write('GET /ok HTTP/1.1\r\nX-Slow: ');
  expect(await rest(socket)).toMatch(/^(?:HTTP\/1.1 408 |$)/);
});

test('of 1,000 clients 64 have a connection, and the places of those that leave are free again', async () => {
  const { port } = await server();
  const clients = new Set<Socket>();
  await new Promise<void>((resolve) => {
    for (let count = 0; count < 1_000; count += 1) {
      const client = connect(port, '127.0.0.1').on('error', () => undefined);
      onTestFinished(() => void client.destroy());
      clients.add(client);
      client.resume().on('close', () => {
        clients.delete(client);
        if (clients.size === 64) resolve();
      });
    }
  });
  for (const client of clients) client.destroy();
  let answer = '';
  // The server learns of each in its own time.
  while (!answer.startsWith('HTTP/1.1 200')) answer = await ask(port, 'GET /ok HTTP/1.1');
});

test('a stream tells what is now and each change', async () => {
  const { port, send } = await server();
  const socket = await open(port);
  socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
  const [first] = (await once(socket, 'data')) as [Buffer];
  expect(first.toString()).toContain('Content-Type: text/event-stream');
  const seen = new Promise<string>((resolve) => {
    let text = first.toString();
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('"b"')) resolve(text);
    });
  });
  send('{"name":"b"}');
  expect(await seen).toMatch(/data: \{"name":"a"\}\n\n[^]*data: \{"name":"b"\}\n\n/);
});

test('streams leave connections for probes', async () => {
  const { port } = await server();
  const sockets = await Promise.all(Array.from({ length: 17 }, () => open(port)));
  const heads: string[] = [];
  for (const socket of sockets) {
    socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    heads.push(chunk.toString().split(' ')[1] ?? '');
  }
  expect(heads).toEqual([...Array.from({ length: 16 }, () => '200'), '503']);
});

test('a port that is taken is an error at start', async () => {
  const { port } = await server();
  await expect(
    startHttpServer(
      { host: '127.0.0.1', port },
      { answer: () => null, streamPath: '/events', firstEvent: () => '' },
    ),
  ).rejects.toThrow('EADDRINUSE');
});
