import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import {
  isAlive,
  isStopped,
  readAllProcesses,
  readDescendants,
  readEnvironment,
  readProcess,
} from '../../src/process/process-table.ts';
import { readText, until } from './fixtures/processes.ts';

/** A process of its own group, and the pid that it prints. */
async function start(script: string, env: NodeJS.ProcessEnv = process.env) {
  const child = spawn('sh', ['-c', script], { detached: true, env });
  const { pid = 0 } = child;
  onTestFinished(() => void process.kill(-pid, 'SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { pid, printed: Number(line) };
}

test('a row says what the kernel says, whatever the name holds', async () => {
  const { pid } = await start('printf ")( x" >/proc/$$/comm; echo 1; read -r line');
  expect(readProcess(pid)).toMatchObject({
    pid,
    parent: process.pid,
    group: pid,
    session: pid,
    name: ')( x',
    threads: 1,
  });
  process.kill(pid, 'SIGSTOP');
  await until('it is stopped', () => {
    const row = readProcess(pid);
    return row !== null && isStopped(row);
  });
});

test('there is no row of a process that has ended', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(readProcess(child.pid ?? 0)).toBeNull();
});

test('descendants come after their parents, in whatever session they are, and a zombie is not alive', async () => {
  // It ends only when its parent is sleep: a shell would wait for it, even without being told to.
  const ends = `until read -r name </proc/$PPID/comm && [ "$name" = sleep ]; do :; done`;
  const { pid, printed } = await start(
    'setsid sh -c \'sh -c "$ENDS" & echo $!; exec sleep 1000\' & wait',
    { ENDS: ends },
  );
  await until('it is a zombie', () => readText(`/proc/${printed}/stat`).includes(') Z '));
  const rows = [...readDescendants(new Map(), () => false).values()];
  const session = rows.find(({ parent }) => parent === pid);
  onTestFinished(() => void process.kill(session?.pid ?? pid, 'SIGKILL'));
  const zombie = rows.find((row) => row.pid === printed);
  expect(zombie).toMatchObject({ parent: session?.pid, state: 'Z' });
  expect(rows.filter(isAlive)).toContainEqual(session);
  expect(rows.filter(isAlive)).not.toContainEqual(zombie);
  const order = [pid, session?.pid, printed].map((one) => rows.findIndex((row) => row.pid === one));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(rows.some((row) => row.pid === 1)).toBe(false);
});

test('who is known is there, with its descendants, though it is no descendant, unless another has its pid', async () => {
  const child = spawn('sh', ['-c', 'setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $!']);
  const pid = Number(await text(child.stdout));
  onTestFinished(() => void process.kill(pid, 'SIGKILL'));
  const { startTicks } = readProcess(pid) ?? { startTicks: 0 };
  const find = (known: number) =>
    readDescendants(new Map([[pid, { startTicks: known }]]), () => false).get(pid);
  expect(find(startTicks + 1)).toBeUndefined();
  expect(find(startTicks)).toEqual(readProcess(pid));
});

test('all processes are those and the others', () => {
  const pids = [...readAllProcesses().keys()];
  expect(pids).toContain(1);
  expect(pids).toContain(process.pid);
});

test('one of our children that /proc does not show is there if it says so, as with hidepid', async () => {
  const child = spawn('true');
  const { pid = 0 } = child;
  // A zombie that Node has not waited for yet: it is listed.
  const rows = readDescendants(new Map(), (asked) => asked === pid);
  expect(rows.get(pid)?.parent).toBe(process.pid);
  await once(child, 'exit');
});

test('the environment is the one that the process was started with; there is none of one that has ended', async () => {
  const { pid } = await start('A=3; echo 1; read -r line', { A: '1', B: '' });
  expect(readEnvironment(pid)).toBe('A=1\0B=\0');
  const child = spawn('true');
  await once(child, 'exit');
  expect(readEnvironment(child.pid ?? 0)).toBeNull();
});
