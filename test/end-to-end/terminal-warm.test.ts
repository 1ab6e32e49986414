/** `--warm` in a terminal: Ctrl-C and TERM in each state. The driver's part of it, state by state, is in test/run/warm-signals.test.ts. */
import { expect, it, onTestFinished } from 'vitest';
import { createCommand, ctrlC, openTerminal } from '../fixtures/pty.ts';
import { Proxy } from '../fixtures/proxy.ts';
import { callApi, kubeconfigFor, leaderRun, sandbox } from './rig.ts';
import { settled, short } from './terminal-rig.ts';

const patienceMs = 60_000;

/** leader-run leads the session of a terminal; its lease is free, or held by another one. */
async function warm(signals: readonly NodeJS.Signals[], isFree: boolean) {
  const server = await sandbox();
  const proxy = await Proxy.start(server.url);
  onTestFinished(() => proxy.close());
  const spec = { holderIdentity: 'other', leaseDurationSeconds: 3_600 };
  if (!isFree) await callApi(server, 'POST', '', { metadata: { name: 'x' }, spec });
  const command = await createCommand(signals);
  const flags = ['--lock-name', 'x', '--warm', '--on-lost', 'rejoin', '-v', ...short];
  const terminal = openTerminal(leaderRun, [...flags, '--', ...command.words], {
    KUBECONFIG: kubeconfigFor(`http://127.0.0.1:${proxy.port}/${server.token}`),
  });
  return { terminal, proxy, command: await command.started };
}

type Candidate = Awaited<ReturnType<typeof warm>>;

async function promoted(): Promise<Candidate> {
  const candidate = await warm([], true);
  await candidate.terminal.screen.until(/Leading lease/);
  return candidate;
}

/** Its command is gone, and the API server does not answer the release. */
async function betweenTwoTerms(): Promise<Candidate> {
  const candidate = await promoted();
  candidate.proxy.freeze();
  await candidate.terminal.screen.until(/State releasing/);
  return candidate;
}

const states = {
  waiting: () => warm([], false),
  promoted,
  'between two terms': betweenTwoTerms,
};

it.each([
  ['waiting', 'Ctrl-C', 130],
  ['waiting', 'TERM', 143],
  ['promoted', 'Ctrl-C', 130],
  ['promoted', 'TERM', 143],
  ['between two terms', 'Ctrl-C', 130],
  ['between two terms', 'TERM', 143],
] as const)(
  '%s: %s ends leader-run and its command with %i',
  { timeout: patienceMs },
  async (state, signal, status) => {
    const { terminal, command, proxy } = await states[state]();
    if (signal === 'Ctrl-C') terminal.type(ctrlC);
    else process.kill(terminal.pid, 'SIGTERM');
    proxy.thaw();
    expect(await terminal.ended).toBe(status);
    await command.gone;
  },
);

it('Ctrl-C reaches a command that waits once, and its status is that of leader-run', async () => {
  const { terminal, command } = await warm(['SIGINT', 'SIGUSR1'], false);
  terminal.type(ctrlC);
  await command.says.until(/got SIGINT 1/);
  await settled(command);
  expect(command.says.text.match(/got SIGINT/g)).toHaveLength(1);
  command.order('exit 7');
  expect(await terminal.ended).toBe(7);
});
