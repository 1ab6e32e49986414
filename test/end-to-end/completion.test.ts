/** Completion in real shells, as someone who types sees it, and what it does when there is no answer. */
import { execa } from 'execa';
import { createServer } from 'node:net';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { listen } from '../fixtures/listen.ts';
import { openTerminal } from '../fixtures/pty.ts';
import { callApi, kubeconfigFor, leaderRun, sandbox, scriptedServer } from './rig.ts';

const PATH = `${dirname(leaderRun)}:${process.env['PATH'] ?? ''}`;

/** Each with its words, and the line that prepares it. */
const shells = {
  bash: { words: ['--norc', '--noprofile', '-i'], load: 'source <(leader-run completion bash)' },
  zsh: {
    words: ['-f', '-i'],
    load: "PS1='$ '; autoload -U compinit; compinit -D -u; source <(leader-run completion zsh)",
  },
  fish: {
    words: ['--no-config', '-i'],
    load: "function fish_prompt; echo '$ '; end; leader-run completion fish | source",
  },
} as const;

async function open(shell: keyof typeof shells, KUBECONFIG: string) {
  const { words, load } = shells[shell];
  const terminal = openTerminal(shell, words, { PATH, KUBECONFIG, TERM: 'xterm' });
  terminal.type(`${load}; echo re''ady\r`);
  await terminal.screen.until(/ready\r?\n/);
  return terminal;
}

function has(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0;
}

describe.each(['bash', 'zsh', 'fish'] as const)('in %s', (shell) => {
  it.skipIf(!has(shell))('a flag, a context and a Lease are completed', async () => {
    const api = await sandbox();
    await callApi(api, 'POST', '', {
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'nightly-job' } },
    });
    const terminal = await open(shell, api.kubeconfigPath);

    terminal.type('leader-run --log-fo\t');
    await terminal.screen.until(/--log-format/);
    terminal.type(' j\t');
    await terminal.screen.until(/json/);
    terminal.type(' --context sand\t');
    await terminal.screen.until(/sandbox/);
    terminal.type(' --lock-name nig\t');
    await terminal.screen.until(/nightly-job/);
    // All of it is one line, which the shell takes as it was completed.
    terminal.type(" -- printf '%s-%s\\n' ran ok\r");
    await terminal.screen.until(/ran-ok/);
  });
});

it.skipIf(!has('bash'))('in bash, a context with colons is completed behind "="', async () => {
  const api = await sandbox();
  const name = 'arn:aws:eks:eu:cluster/one';
  const kubeconfig = writeKubeconfig({ server: api.url }, { token: api.token });
  writeFileSync(kubeconfig, readFileSync(kubeconfig, 'utf8').replaceAll('"test"', `"${name}"`));
  const terminal = await open('bash', kubeconfig);
  terminal.type('leader-run status --context=arn:aws:e\t');
  await terminal.screen.until(/--context=arn:aws:eks:eu:cluster\/one /);
});

async function answer(kubeconfig: string, ...words: string[]) {
  const started = performance.now();
  const run = await execa(leaderRun, ['completion', 'complete', ...words], {
    env: { KUBECONFIG: kubeconfig },
  });
  const { stdout, stderr } = run;
  return { stdout, stderr, ms: performance.now() - started };
}

describe('what is looked up', () => {
  it('comes from the API server, with the credentials of the context', async () => {
    const seen: string[] = [];
    const { kubeconfig } = await scriptedServer((request, response) => {
      seen.push(request.url ?? '');
      response.setHeader('content-type', 'application/json');
      const items = [{ metadata: { name: 'one' } }, { metadata: { name: 'two' } }];
      response.end(JSON.stringify({ items }));
    });
    const { stdout } = await answer(kubeconfig, '--lock-namespace', '');
    expect(stdout).toBe(':words\none\ntwo');
    await answer(kubeconfig, '-n', 'team', '--lock-name', '');
    expect(seen).toEqual([
      '/api/v1/namespaces?limit=500',
      '/apis/coordination.k8s.io/v1/namespaces/team/leases?limit=500',
    ]);
  });

  it.each([
    ['forbids it', 403],
    ['fails', 500],
  ])('is nothing, silently, when the API server %s', async (_, status) => {
    const { kubeconfig } = await scriptedServer((_request, response) => {
      response.statusCode = status;
      response.end('{}');
    });
    const { stdout, stderr } = await answer(kubeconfig, '--lock-name', '');
    expect([stdout, stderr]).toEqual([':words', '']);
  });

  it('is nothing, silently, without a kubeconfig', async () => {
    for (const flag of ['--context', '--lock-name', '--lock-namespace']) {
      const { stdout, stderr } = await answer('/no/such/file', flag, '');
      expect([stdout, stderr]).toEqual([':words', '']);
    }
  });

  it('is nothing when the API server does not answer within a second', async () => {
    const server = createServer(() => undefined);
    const port = await listen(server);
    onTestFinished(() => void server.close());
    const { stdout, stderr, ms } = await answer(
      kubeconfigFor(`http://127.0.0.1:${port}`),
      '--lock-name',
      '',
    );
    expect([stdout, stderr]).toEqual([':words', '']);
    expect(ms).toBeGreaterThan(500);
    expect(ms).toBeLessThan(1500);
  });
});
