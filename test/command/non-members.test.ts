/** What did not come of the command is not touched, whatever it has in common with its tree. */
import { expect, onTestFinished, test } from 'vitest';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { isTreeMarker } from '../../src/command/markers.ts';
import { isAlive, readText, until } from './fixtures/processes.ts';
import { supervise } from './fixtures/supervise.ts';

/** Runs a job for each line, which is a variable of its client's, in its own session and group. */
const jobServer = `
echo ready
while read -r variable; do
  env "$variable" sleep 1000 &
  echo $!
done`;

async function startJobServer() {
  const server = spawn('sh', ['-c', jobServer], { detached: true });
  const { pid = 0 } = server;
  onTestFinished(() => endGroup(pid));
  const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
  await lines.next();
  const submit = async (variable: string): Promise<number> => {
    server.stdin.write(`${variable}\n`);
    const job = Number((await lines.next()).value);
    await until('it runs', () => readText(`/proc/${job}/comm`) === 'sleep\n');
    return job;
  };
  return { pid, submit };
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // The code under test has ended it: then the test has failed already.
  }
}

function markerOf(pid: number): string {
  const variables = readText(`/proc/${pid}/environ`).split('\0');
  return variables.find((variable) => isTreeMarker(variable)) ?? '';
}

test.each(['SIGKILL', 'SIGTERM'] as const)(
  "%s does not reach a job server, nor a job that it runs with the command's own environment",
  async (signal) => {
    const { supervisor, heard, gone } = supervise(['sleep', '1000']);
    const { pid } = await heard('started');
    await until('it has execed', () => readText(`/proc/${pid}/comm`) === 'sleep\n');
    const server = await startJobServer();
    const nonMembers = [server.pid, await server.submit(markerOf(pid)), await server.submit('A=1')];

    supervisor.signal('SIGTERM');
    await heard('ended');
    if (signal === 'SIGKILL') supervisor.kill();
    else supervisor.signalTree(signal);
    await gone;

    expect(nonMembers.filter((nonMember) => !isAlive(nonMember))).toEqual([]);
  },
);
