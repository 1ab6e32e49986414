import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished, describe, expect, it } from 'vitest';

const leaderRun = join(import.meta.dirname, '../../bin/leader-run');

interface Running {
  readonly process: ChildProcess;
  /** Resolves with the first line of stdout or stderr that holds the text. */
  line(holding: string): Promise<string>;
  readonly output: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** Runs the sandbox without a terminal, as in a container. */
function start(
  command: readonly string[] | null,
  kubeconfig: string | null = null,
  before = ':',
): Running {
  const flags = kubeconfig === null ? [] : ['--kubeconfig', kubeconfig];
  const words = command === null ? [] : ['--', ...command];
  const child = spawn(
    'sh',
    ['-c', `${before}; exec "$@"`, 'sh', leaderRun, 'sandbox', ...flags, ...words],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  const lines: string[] = [];
  const waiting: { holding: string; resolve: (line: string) => void }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      for (const { holding, resolve } of waiting) if (line.includes(holding)) resolve(line);
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await ended;
    }
  });
  return {
    process: child,
    ended,
    output: () => lines.join('\n'),
    line: (holding) =>
      new Promise((resolve, reject) => {
        const found = lines.find((line) => line.includes(holding));
        if (found !== undefined) resolve(found);
        else waiting.push({ holding, resolve });
        void ended.then(() => reject(new Error(`ended without "${holding}": ${lines.join('\n')}`)));
      }),
  };
}

const kubeconfigIn = (line: string): string => line.replace(/^.*KUBECONFIG=/, '');

describe('leader-run sandbox', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'says how to use it, serves until %s, and leaves nothing behind',
    async (signal) => {
      const sandbox = start(null);
      const path = kubeconfigIn(await sandbox.line('export KUBECONFIG='));
      const server = /server: (\S+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
      const leases = `${server}/apis/coordination.k8s.io/v1/namespaces/default/leases`;
      expect((await fetch(leases)).status).toBe(200);
      sandbox.process.kill(signal);
      expect(await sandbox.ended).toEqual({ code: 0, signal: null });
      expect(existsSync(dirname(path))).toBe(false);
    },
  );

  it('runs a command with KUBECONFIG set and ends with its status', async () => {
    const sandbox = start(['sh', '-c', 'echo KUBECONFIG=$KUBECONFIG; test -r $KUBECONFIG; exit 3']);
    const path = kubeconfigIn(await sandbox.line('KUBECONFIG='));
    expect(await sandbox.ended).toEqual({ code: 3, signal: null });
    expect(existsSync(dirname(path))).toBe(false);
    expect(sandbox.output().split('\n')).toHaveLength(1);
  });

  it.each([
    ['SIGINT', 'INT'],
    ['SIGTERM', 'TERM'],
    ['SIGHUP', 'HUP'],
  ] as const)('hands %s on to the command and waits for its end', async (signal, name) => {
    const script = `trap 'echo got ${name}; exit 7' ${name}; echo ready; while :; do sleep 0.05; done`;
    const sandbox = start(['sh', '-c', script]);
    await sandbox.line('ready');
    sandbox.process.kill(signal);
    await sandbox.line(`got ${name}`);
    expect(await sandbox.ended).toEqual({ code: 7, signal: null });
  });

  it.each([
    ['a command that a signal ended: 128 + its number', ['sh', '-c', 'kill -KILL $$'], 137],
    ['a command that is not there: 127', ['/no/such/command'], 127],
    ['a command that is not executable: 126', ['/etc/passwd'], 126],
  ])('ends as %s', async (_, command, code) => {
    expect(await start(command).ended).toEqual({ code, signal: null });
  });

  it('gives the command the limits and the ignored signals that it has', async () => {
    const script = 'ulimit -S -n; grep SigIgn /proc/self/status; exit 0';
    const sandbox = start(['sh', '-c', script], null, "ulimit -S -n 777; trap '' HUP");
    expect(await sandbox.ended).toEqual({ code: 0, signal: null });
    expect(sandbox.output()).toMatch(/^777\nSigIgn:\t0*1$/);
  });

  it('gives the command its variables byte for byte, and one more', async () => {
    const before = "export B=$(printf '\\377') KUBECONFIG=/none; unset OLDPWD";
    const plain = start(['env'], null, before);
    await plain.ended;
    const { stdout } = spawnSync('sh', ['-c', `${before}; exec env`], { encoding: 'utf8' });
    const sorted = (text: string) => text.trim().split('\n').sort();
    expect(
      sorted(plain.output()).map((line) => line.replace(/^KUBECONFIG=.*/, 'KUBECONFIG=/none')),
    ).toEqual(sorted(stdout));
  });

  it('that cannot write its kubeconfig runs no command and ends with 125', async () => {
    const sandbox = start(['echo', 'ran'], '/etc/passwd');
    expect(await sandbox.ended).toEqual({ code: 125, signal: null });
    expect(sandbox.output()).toBe(
      'leader-run: Cannot write kubeconfig "/etc/passwd": it exists. Remove it or name another file',
    );
  });
});
