/** `--http` as a kubelet, a Prometheus and a malevolent client meet it. */
import { once } from 'node:events';
import { createServer, type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../fixtures/free-port.ts';
import { parseMetrics } from '../operate/metrics-text.ts';
import { callApi, readLease, sandbox, start, waitFor } from './rig.ts';

async function get(port: number, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

async function statuses(port: number): Promise<number[]> {
  const paths = ['/livez', '/readyz', '/readyz?leader', '/leader'];
  return Promise.all(paths.map(async (path) => (await get(port, path)).status));
}

test('a leader and a standby: probes, metrics, and the hand-over between them', async () => {
  const { kubeconfigPath } = await sandbox();
  const [first, second] = [await freePort(), await freePort()];
  const run = (port: number, id: string) =>
    start(kubeconfigPath, [
      '--lock-name',
      'x',
      '--id',
      id,
      '-v',
      `--http=127.0.0.1:${port}`,
      '--',
      'cat',
    ]);
  const leader = run(first, 'one');
  await waitFor(leader.all, 'Started command');
  const standby = run(second, 'two');
  await waitFor(standby.all, 'Waiting for lease');
  expect(await statuses(first)).toEqual([200, 200, 200, 200]);
  expect(await statuses(second)).toEqual([200, 200, 503, 503]);
  expect(JSON.parse((await get(second, '/')).text)).toMatchObject({ name: 'one' });
  for (const port of [first, second]) {
    const families = parseMetrics((await get(port, '/metrics')).text);
    expect(families.get('leader_election_master_status')?.samples).toEqual(
      new Map([['leader_election_master_status{name="default/x"}', port === first ? 1 : 0]]),
    );
  }
  leader.kill('SIGTERM');
  await waitFor(standby.all, 'Started command');
  expect(await statuses(second)).toEqual([200, 200, 200, 200]);
  const families = parseMetrics((await get(second, '/metrics')).text);
  expect(
    families.get('leader_run_hand_over_seconds')?.samples.get('leader_run_hand_over_seconds_count'),
  ).toBe(1);
});

test('a port that is taken is refused at start, before anything else', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const api = await sandbox();
  const { exitCode, stderr } = await start(api.kubeconfigPath, [
    '--lock-name=x',
    `--http=127.0.0.1:${port}`,
    '--',
    'echo',
    'ran',
  ]);
  expect(exitCode).toBe(125);
  expect(stderr).toBe(
    `leader-run: Cannot serve on 127.0.0.1:${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}: choose another address for --http`,
  );
  expect(await readLease(api, 'x')).toBeNull();
});

test('1,000 clients that are too slow do not keep the lease from being renewed in time', async () => {
  const api = await sandbox();
  const port = await freePort();
  const flags = ['--lock-name=x', '--lease-duration=12s', `--http=127.0.0.1:${port}`, '-v'];
  const leader = start(api.kubeconfigPath, [...flags, '--', 'cat']);
  await waitFor(leader.all, 'Started command');
  const sockets = new Set<Socket>();
  let isOver = false;
  const attack = (): void => {
    if (isOver) return;
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /livez HTTP/1.1\r\nX: '));
    sockets.add(socket.on('error', () => undefined));
    socket.on('close', () => sockets.delete(socket) && setImmediate(attack));
  };
  onTestFinished(() => {
    isOver = true;
    for (const socket of sockets) socket.destroy();
  });
  for (let count = 0; count < 1_000; count += 1) attack();
  const before = (await readLease(api, 'x'))?.spec;
  // Long after the lease would have been lost.
  const untilMs = Date.parse(before?.renewTime ?? '') + 15_000;
  let last = before;
  while (Date.parse(last?.renewTime ?? '') < untilMs && leader.exitCode === null) {
    last = (await readLease(api, 'x'))?.spec;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(leader.exitCode).toBeNull();
  expect(last?.acquireTime).toBe(before?.acquireTime);
  expect((await callApi(api, 'GET', '/x')).status).toBe(200);
});

test('64 clients that ask for metrics without a pause do not keep the lease from being renewed in time', async () => {
  const api = await sandbox();
  const port = await freePort();
  const flags = [
    '--lock-name=x',
    '--lease-duration=6s',
    '--renew-deadline=4s',
    '--retry-period=1s',
  ];
  const leader = start(api.kubeconfigPath, [
    ...flags,
    `--http=127.0.0.1:${port}`,
    '-v',
    '--',
    'cat',
  ]);
  await waitFor(leader.all, 'Started command');
  let isOver = false;
  let answers = 0;
  const ask = async (): Promise<void> => {
    while (!isOver) {
      const { status } = await get(port, '/metrics').catch(() => ({ status: 0 }));
      if (status === 200) answers += 1;
    }
  };
  const asking = Array.from({ length: 64 }, ask);
  onTestFinished(async () => {
    isOver = true;
    await Promise.all(asking);
  });
  const renewedAtMs: number[] = [];
  while (renewedAtMs.length < 8) {
    const atMs = Date.parse((await readLease(api, 'x'))?.spec.renewTime ?? '');
    if (atMs !== renewedAtMs.at(-1)) renewedAtMs.push(atMs);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const pausesMs = renewedAtMs.slice(1).map((atMs, at) => atMs - (renewedAtMs[at] ?? 0));
  expect(answers).toBeGreaterThan(100);
  expect(Math.max(...pausesMs)).toBeLessThan(2_500);
  expect(leader.exitCode).toBeNull();
});

test('a command that takes requests and never answers: alive until its start timeout, and renewed', async () => {
  const { kubeconfigPath } = await sandbox();
  const [port, health] = [await freePort(), await freePort()];
  const silent = `require('net').createServer(() => {}).listen(${health}, '127.0.0.1', () => console.log('listens'))`;
  const leader = start(kubeconfigPath, [
    ...['--lock-name=x', `--http=127.0.0.1:${port}`, '--command-start-timeout=4s'],
    ...[
      `--command-health=http://127.0.0.1:${health}/healthz`,
      '--',
      process.execPath,
      '-e',
      silent,
    ],
  ]);
  await waitFor(leader.stdout, 'listens');
  expect((await get(port, '/livez')).status).toBe(200);
  let livez = await get(port, '/livez');
  while (livez.status === 200) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    livez = await get(port, '/livez');
  }
  expect(livez.text).toContain('[-]command failed: no success within 4s of its start');
  expect(livez.text).toContain('[+]leaderElection ok');
  expect(leader.exitCode).toBeNull();
});

test('the command is asked, and a sick one fails the probes until the kubelet ends it', async () => {
  const { kubeconfigPath } = await sandbox();
  const [port, health] = [await freePort(), await freePort()];
  // Well when leader-run asks at first, and never again.
  const script = `let isWell = true;
    require('http').createServer((_, r) => { r.statusCode = isWell ? 200 : 500; isWell = false; r.end(); })
      .listen(${health}, '127.0.0.1', () => console.log('serves'))`;
  const leader = start(kubeconfigPath, [
    '--lock-name=x',
    `--http=127.0.0.1:${port}`,
    `--command-health=http://127.0.0.1:${health}/healthz`,
    '--',
    process.execPath,
    '-e',
    script,
  ]);
  await waitFor(leader.stdout, 'serves');
  let livez = await get(port, '/livez');
  while (livez.status === 200) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    livez = await get(port, '/livez');
  }
  expect(livez).toEqual({
    status: 500,
    text: '[+]leaderElection ok\n[-]command failed: answered 500 Internal Server Error\nlivez check failed\n',
  });
  expect((await get(port, '/readyz')).status).toBe(503);
  expect((await get(port, '/leader')).status).toBe(200);
});

test.each([
  [['--http=8080'], 'Cannot use --http "8080": expected [HOST]:PORT'],
  [['--http=:99999'], 'expected [HOST]:PORT'],
  [['--http=a b:80'], 'expected [HOST]:PORT'],
  [['--http=:0', '--command-health=ftp://x/'], 'expected an http:// or https:// URL'],
  [['--http=:0', '--command-health=localhost:80'], 'expected an http:// or https:// URL'],
  [['--command-health=http://x/'], 'Cannot use --command-health alone'],
  [['--command-start-timeout=1s'], 'Cannot use --command-start-timeout alone'],
  [['--pod-label=role=leader'], 'Cannot use --pod-label: POD_NAME is not set'],
  [['--pod-label=role'], 'Cannot use --pod-label "role": not a label'],
  [['--pod-label=a/b/c=d'], 'not a label'],
  [['--pod-label=-a=b'], 'not a label'],
  [['--pod-label=role=a b'], 'not a label'],
])('%j is refused', async (flags, message) => {
  const { exitCode, stderr } = await start('/nonexistent', [
    '--lock-name=x',
    ...flags,
    '--',
    'true',
  ]);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(125);
});

test('a host that is not of this machine is refused at start', async () => {
  const { kubeconfigPath } = await sandbox();
  const { exitCode, stderr } = await start(kubeconfigPath, [
    '--lock-name=x',
    '--http=192.0.2.1:8080',
    '--',
    'true',
  ]);
  expect(stderr).toContain('Cannot serve on 192.0.2.1:8080: listen EADDRNOTAVAIL');
  expect(exitCode).toBe(125);
});
