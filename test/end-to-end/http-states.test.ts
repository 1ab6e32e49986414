/** Each path of `--http` in each state of a candidate, as curl would see them, and Prometheus' own word on the metrics. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { freePort } from '../fixtures/free-port.ts';
import { parseMetrics } from '../operate/metrics-text.ts';
import { sandbox, scriptedServer, start, waitFor } from './rig.ts';

const promtool = process.env['PROMTOOL'] || 'promtool';
const hasPromtool = spawnSync(promtool, ['--version']).status === 0;

/** What the paths answer: status, and what is in the body. */
interface Answers {
  readonly livez: number;
  readonly readyz: number;
  readonly 'readyz?leader': number;
  readonly leader: number;
  /** Of `/leader`, `/` and the first of `/events`. */
  readonly name: string;
  /** The one that is 1 in the metrics. */
  readonly state: string;
  readonly master: number;
}

async function get(port: number, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/${path}`);
  return { status: response.status, text: await response.text() };
}

async function firstEvent(port: number): Promise<{ name: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/events`);
  for await (const chunk of response.body ?? []) {
    const text = Buffer.from(chunk as Uint8Array).toString();
    return JSON.parse(text.replace('data: ', '')) as { name: string };
  }
  throw new Error('the stream is empty');
}

async function answersOf(port: number): Promise<Answers> {
  const statusOf = async (path: string) => (await get(port, path)).status;
  const leader = JSON.parse((await get(port, 'leader')).text) as { name: string };
  const sidecar = JSON.parse((await get(port, '')).text) as { name: string };
  const { text } = await get(port, 'metrics');
  if (hasPromtool) {
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: text });
    expect([status, `${stdout.toString()}${stderr.toString()}`]).toEqual([0, '']);
  }
  const families = parseMetrics(text);
  const samples = [...(families.get('leader_run_state')?.samples ?? [])];
  expect([leader.name, (await firstEvent(port)).name]).toEqual([sidecar.name, sidecar.name]);
  expect(await statusOf('healthz')).toBe(await statusOf('livez'));
  return {
    livez: await statusOf('livez'),
    readyz: await statusOf('readyz'),
    'readyz?leader': await statusOf('readyz?leader'),
    leader: await statusOf('leader'),
    name: sidecar.name,
    state: samples.flatMap(([key, value]) => (value === 1 ? [/"(.*)"/.exec(key)?.[1]] : [])).join(),
    master: [...(families.get('leader_election_master_status')?.samples.values() ?? [])][0] ?? NaN,
  };
}

function run(kubeconfig: string, port: number, id: string, ...more: string[]) {
  const flags = ['--lock-name', 'x', '--id', id, '-v', `--http=127.0.0.1:${port}`];
  return start(kubeconfig, [...flags, ...more]);
}

const stubborn = ['--', 'sh', '-c', 'trap "" TERM; while :; do sleep 1; done'];
const nothing = { 'readyz?leader': 503, leader: 503, master: 0 };

test('before the API server has answered: alive, and not ready', async () => {
  const { kubeconfig } = await scriptedServer(() => undefined);
  const port = await freePort();
  const candidate = run(kubeconfig, port, 'one', '--', 'cat');
  await expect
    .poll(() => get(port, 'livez').catch(() => null), { timeout: 20_000 })
    .toMatchObject({ status: 200, text: 'ok' });
  expect(await answersOf(port)).toEqual({
    ...{ ...nothing, livez: 200, readyz: 503, name: '', state: 'standby' },
  });
  expect((await get(port, 'readyz')).text).toBe(
    '[-]lease failed: not read yet\nreadyz check failed\n',
  );
  candidate.kill('SIGTERM');
  await candidate;
  await expect(get(port, 'livez')).rejects.toThrow();
});

test('a leader, its standby, and the leader that stops', async () => {
  const { kubeconfigPath } = await sandbox();
  const [first, second] = [await freePort(), await freePort()];
  const leader = run(kubeconfigPath, first, 'one', '--grace-period=60s', ...stubborn);
  await waitFor(leader.all, 'Started command');
  const standby = run(kubeconfigPath, second, 'two', ...stubborn);
  await waitFor(standby.all, 'Waiting for lease');
  expect(await answersOf(first)).toEqual({
    ...{ livez: 200, readyz: 200, 'readyz?leader': 200, leader: 200 },
    ...{ name: 'one', state: 'leading', master: 1 },
  });
  expect(await answersOf(second)).toEqual({
    ...{ ...nothing, livez: 200, readyz: 200, name: 'one', state: 'standby' },
  });
  leader.kill('SIGTERM');
  await waitFor(leader.all, 'Stopping command');
  expect(await answersOf(first)).toEqual({
    ...{ ...nothing, livez: 200, readyz: 503, name: 'one', state: 'stepping-down' },
  });
});

test('a leader that has lost the lease: not ready, and alive until its deadline', async () => {
  const server = await sandbox();
  const port = await freePort();
  const leader = run(server.kubeconfigPath, port, 'one', ...stubborn);
  await waitFor(leader.all, 'Started command');
  await server.close();
  await waitFor(leader.all, 'Stopping command');
  expect(await answersOf(port)).toEqual({
    ...{ ...nothing, livez: 200, readyz: 503, name: '', state: 'losing' },
  });
});

test('standbys and leaders stay alive and ready while the API server is away, until the lease is lost', async () => {
  const server = await sandbox();
  const [first, second] = [await freePort(), await freePort()];
  const leader = run(server.kubeconfigPath, first, 'one', '--lease-duration=30s', '--', 'cat');
  await waitFor(leader.all, 'Started command');
  const standby = run(server.kubeconfigPath, second, 'two', '--lease-duration=30s', '--', 'cat');
  await waitFor(standby.all, 'Waiting for lease');
  await server.close();
  await waitFor(leader.all, 'Cannot renew lease');
  for (const port of [first, second])
    expect(await answersOf(port)).toMatchObject({ livez: 200, readyz: 200 });
});
