/** `leader-run transfer`, between running candidates. */
import { resolve } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { overlaps, parseWorkerLine, termsOf } from '../fixtures/judge.ts';
import { callApi, leaderRun, readLease, sandbox, scriptedServer, start, waitFor } from './rig.ts';

const patienceMs = 60_000;

function candidate(kubeconfig: string, id: string, flags: readonly string[] = []) {
  const args = ['--lock-name', 'job', '--id', id, ...flags];
  return start(kubeconfig, [...args, '--', 'sh', '-c', 'echo runs; exec sleep 60']);
}

function transfer(kubeconfig: string, ...args: string[]) {
  const env = { KUBECONFIG: kubeconfig };
  return execa(leaderRun, ['transfer', 'job', ...args], { reject: false, all: true, env });
}

it(
  'hands the lease to the one that is named, past others that wait',
  { timeout: patienceMs },
  async () => {
    const { kubeconfigPath } = await sandbox();
    const first = candidate(kubeconfigPath, 'first');
    await waitFor(first.stdout, 'runs');
    const others = ['a', 'b', 'web-1_7f', 'c'].map((id) => candidate(kubeconfigPath, id));
    await Promise.all(others.map((other) => waitFor(other.stderr, 'Waiting for')));
    const said = waitFor(first.stderr, 'asked to transfer');
    const { exitCode, stdout } = await transfer(kubeconfigPath, '--to', 'web-1');
    expect([exitCode, stdout]).toEqual([0, 'Transferred lease "default/job": "web-1_7f" leads']);
    expect(await said).toContain('to "web-1"');
    // As by TERM.
    expect((await first).exitCode).toBe(143);
  },
);

it('takes namespace/name, as status prints it', async () => {
  const { kubeconfigPath } = await sandbox();
  const first = candidate(kubeconfigPath, 'first');
  await waitFor(first.stdout, 'runs');
  const env = { KUBECONFIG: kubeconfigPath };
  const args = ['transfer', 'default/job', '-n', 'elsewhere', '--to', 'first'];
  const { stdout } = await execa(leaderRun, args, { env });
  expect(stdout).toBe('Transferred lease "default/job": "first" leads');
});

it('says who leads when the one that is named does not come', { timeout: patienceMs }, async () => {
  const server = await sandbox();
  const { kubeconfigPath } = server;
  const first = candidate(kubeconfigPath, 'first', ['--on-lost', 'rejoin']);
  await waitFor(first.stdout, 'runs');
  const second = candidate(kubeconfigPath, 'second');
  await waitFor(second.stderr, 'Waiting for');
  const { exitCode, stderr } = await transfer(kubeconfigPath, '--to', 'nowhere');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Cannot transfer lease "default/job" to "nowhere": "second" leads now');
  // Neither annotation is left behind.
  const { annotations } = (await readLease(server, 'job'))?.metadata ?? {};
  expect(Object.keys(annotations ?? {}).toSorted()).toEqual([
    'leader-run/lease-duration-seconds',
    'leader-run/term',
  ]);
});

const worker = resolve(import.meta.dirname, '../fixtures/worker.mjs');

/** What the Lease asks for, as soon as it asks for this candidate. */
async function askedFor(server: Sandbox, to: string): Promise<void> {
  for (;;) {
    const { annotations = {} } = (await readLease(server, 'job'))?.metadata ?? {};
    const { to: asked } = JSON.parse(
      (annotations as Record<string, string>)['leader-run/transfer'] ?? '{}',
    ) as { to?: string };
    if (asked === to) return;
    await new Promise((done) => setTimeout(done, 20));
  }
}

it(
  'of two transfers at once one wins, the other says so, and no two commands run',
  { timeout: patienceMs },
  async () => {
    const server = await sandbox();
    const { kubeconfigPath } = server;
    const lines: string[] = [];
    const run = (id: string) => {
      const flags = ['--lock-name', 'job', '--id', id];
      const started = start(kubeconfigPath, [...flags, '--', process.execPath, worker]);
      started.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n')));
      return started;
    };
    const leader = run('first');
    await waitFor(leader.stdout, '"start"');
    const [one, two] = ['a', 'b'] as const;
    const standbys = { [one]: run(one), [two]: run(two) };
    await Promise.all(Object.values(standbys).map(({ stderr }) => waitFor(stderr, 'Waiting for')));
    // It sees both at once.
    leader.kill('SIGSTOP');
    const toOne = transfer(kubeconfigPath, '--to', one);
    await askedFor(server, one);
    const toTwo = transfer(kubeconfigPath, '--to', two);
    await askedFor(server, two);
    leader.kill('SIGCONT');
    const results = [await toOne, await toTwo] as const;
    const winner = (await readLease(server, 'job'))?.spec.holderIdentity === one ? one : two;
    const said = results.map(({ exitCode, stdout, stderr }) => [exitCode, stdout + stderr]);
    const loser = winner === one ? two : one;
    const verdict = {
      [winner]: [0, `Transferred lease "default/job": "${winner}" leads`],
      [loser]: [
        1,
        `leader-run: Cannot transfer lease "default/job" to "${loser}": "${winner}" leads now. Is the other one waiting for it?`,
      ],
    };
    expect(said).toEqual([verdict[one], verdict[two]]);
    expect((await leader).exitCode).toBe(0);
    await waitFor(standbys[winner].stdout, '"beat"');
    const terms = termsOf(lines.flatMap((line) => parseWorkerLine(line) ?? []));
    expect(terms).toHaveLength(2);
    expect(overlaps(terms)).toEqual([]);
  },
);

it('does not obey a request for another term, and then one for its own', async () => {
  const server = await sandbox();
  const { kubeconfigPath } = server;
  const first = candidate(kubeconfigPath, 'first', ['--lease-duration', '4s']);
  await waitFor(first.stdout, 'runs');
  const second = candidate(kubeconfigPath, 'second');
  await waitFor(second.stderr, 'Waiting for');
  const renewTime = async () => (await readLease(server, 'job'))?.spec.renewTime;
  const stale = { to: 'second', term: 'first@2020-01-01T00:00:00.000000Z', by: 'me', at: '' };
  await callApi(server, 'PATCH', '/job', {
    metadata: { annotations: { 'leader-run/transfer': JSON.stringify(stale) } },
  });
  for (let renewals = 0; renewals < 3; renewals += 1) {
    const before = await renewTime();
    while ((await renewTime()) === before) await new Promise((done) => setTimeout(done, 50));
  }
  expect(first.exitCode).toBeNull();
  expect((await readLease(server, 'job'))?.spec.holderIdentity).toBe('first');
  const runs = waitFor(second.stdout, 'runs');
  expect((await transfer(kubeconfigPath, '--to', 'second')).exitCode).toBe(0);
  await runs;
  // Neither is left.
  const { annotations } = (await readLease(server, 'job'))?.metadata ?? {};
  expect(Object.keys(annotations ?? {})).not.toContain('leader-run/transfer');
});

it('to a candidate that there is not, of a leader that is alone: says that no one took it', async () => {
  const { kubeconfigPath } = await sandbox();
  const first = candidate(kubeconfigPath, 'first');
  await waitFor(first.stdout, 'runs');
  const { exitCode, stderr } = await transfer(kubeconfigPath, '--to', 'nowhere', '--wait', '3s');
  expect([exitCode, stderr]).toEqual([
    124,
    'leader-run: Cannot transfer lease "default/job" within 3s: "first" released it, but no one has taken it',
  ]);
});

it('of a leader that rejoins and is alone: says that it leads again', async () => {
  const { kubeconfigPath } = await sandbox();
  const first = candidate(kubeconfigPath, 'first', ['--on-lost=rejoin', '--lease-duration=4s']);
  await waitFor(first.stdout, 'runs');
  const { exitCode, stderr } = await transfer(kubeconfigPath);
  expect([exitCode, stderr]).toEqual([
    1,
    'leader-run: Cannot transfer lease "default/job": "first" leads again, because no other candidate took it',
  ]);
});

it('gives up on a holder that ignores it, and takes the request back', async () => {
  const server = await sandbox();
  const time = '2026-01-01T12:00:00.000000Z';
  const spec = {
    holderIdentity: 'go',
    leaseDurationSeconds: 15,
    acquireTime: time,
    renewTime: time,
  };
  await callApi(server, 'POST', '', { metadata: { name: 'job' }, spec });
  const { exitCode, stderr } = await transfer(server.kubeconfigPath, '--wait', '100ms');
  expect(exitCode).toBe(124);
  expect(stderr).toContain('"go" did not step down, and is not a leader-run');
  expect((await readLease(server, 'job'))?.metadata.annotations ?? {}).toEqual({});
});

const held = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'job', resourceVersion: '7' },
  spec: { holderIdentity: 'first', acquireTime: '2026-01-01T12:00:00.000000Z' },
};

it.each([
  ['answers 503 to writes', 503, 'the server answered 503 Service Unavailable'],
  ['does not answer writes', null, 'no answer came within 1s'],
])('a server that %s: it says so, and that the request may be left', async (_, status, why) => {
  const { kubeconfig, server } = await scriptedServer((request, response) => {
    if (request.method === 'GET')
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(held));
    else if (status !== null) response.writeHead(status).end();
  });
  const { exitCode, stderr } = await transfer(kubeconfig, '--wait', '200ms');
  expect([exitCode, stderr]).toEqual([
    125,
    `leader-run: Cannot transfer lease "default/job": ${why}`,
  ]);
  server.closeAllConnections();
});

it('refuses what cannot be transferred', async () => {
  const { kubeconfigPath } = await sandbox();
  expect((await transfer(kubeconfigPath)).stderr).toContain('there is no such Lease');
  const { exitCode, stderr } = await transfer(kubeconfigPath, 'another');
  expect([exitCode, stderr]).toEqual([
    125,
    'leader-run: Cannot transfer more than one lease: "another" is one too many',
  ]);
});
