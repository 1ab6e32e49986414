import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  kubeconfigFor,
  leaderRun,
  sandbox,
  scriptedServer,
  start,
  startBy,
  waitFor,
} from './rig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const command = ['--', 'echo', 'started'];
const lock = ['--lock-name', 'x'];

/** Refused: exit 125, one line that says why, after those that may come before it, and no command. */
async function refusal(
  kubeconfig: string,
  args: readonly string[],
  before: RegExp | null = null,
): Promise<string> {
  const { exitCode, stdout, stderr } = await start(kubeconfig, args);
  expect([exitCode, stdout]).toEqual([125, '']);
  const lines = stderr.trimEnd().split('\n');
  expect(lines.slice(0, -1).filter((line) => before?.test(line) !== true)).toEqual([]);
  expect(lines.at(-1)).toMatch(/^leader-run: /);
  return lines.at(-1) ?? '';
}

describe('leader-run refuses before it does anything', () => {
  it.each([
    ['no lock name', [...command], /--lock-name/],
    ['a lock name with a path in it', ['--lock-name', '../x', ...command], /"\.\.\/x"/],
    ['a namespace that is no name', [...lock, '-n', 'A_B', ...command], /"A_B"/],
    ['no command', [...lock], /command/],
    ['an unknown flag, with a suggestion', ['--lock-nam', 'x', ...command], /--lock-name/],
    ['a duration that does not parse', [...lock, '--wait', 'soon', ...command], /"soon"/],
    ['a lease of no duration', [...lock, '--lease-duration', '0', ...command], /--lease-duration/],
    [
      'a lease of part of a second',
      [...lock, '--lease-duration', '4500ms', ...command],
      /4500ms.*whole seconds/,
    ],
    [
      'a renew deadline as long as the lease',
      [...lock, '--renew-deadline', '15s', ...command],
      /15s and 15s/,
    ],
    [
      'a retry period as long as the renew deadline',
      [...lock, '--retry-period', '9s', ...command],
      /--retry-period/,
    ],
    ['a loss grace without room', [...lock, '--loss-grace', '6s', ...command], /--loss-grace/],
    ['an empty identity', [...lock, '--id', '', ...command], /--id/],
    ['an identity that was not expanded', [...lock, '--id', '$(POD_NAME)', ...command], /POD_NAME/],
  ])('%s', async (_, args, message) => {
    expect(await refusal('/dev/null', args)).toMatch(message);
  });
});

describe('a kubeconfig', () => {
  it('that is missing is named', async () => {
    const message = await refusal('/dev/null', [
      ...lock,
      '--kubeconfig',
      '/no/such/file',
      ...command,
    ]);
    expect(message).toContain('"/no/such/file"');
  });

  it('that is no YAML is named', async () => {
    const path = join(temporaryFolder(), 'config');
    writeFileSync(path, 'clusters: [\n');
    expect(await refusal(path, [...lock, ...command])).toContain(path);
  });

  it('without the named context lists those that it has', async () => {
    const message = await refusal(kubeconfigFor('http://127.0.0.1:1'), [
      ...lock,
      '--context',
      'staging',
      ...command,
    ]);
    expect(message).toContain('"staging"');
    expect(message).toContain('"test"');
  });

  it.each([
    ['fails', '#!/bin/sh\necho "no luck" >&2\nexit 1\n', /no luck|exit/],
    ['prints rubbish', '#!/bin/sh\necho rubbish\n', /rubbish|JSON/],
  ])('whose exec plugin %s is refused at first contact', async (_, script, message) => {
    const folder = temporaryFolder();
    const plugin = join(folder, 'plugin');
    writeFileSync(plugin, script);
    chmodSync(plugin, 0o755);
    const path = join(folder, 'config');
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './plugin',
      interactiveMode: 'Never',
    };
    writeFileSync(
      path,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'c',
        // A plugin is not run for a server that gets no credentials.
        clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
        users: [{ name: 'u', user: { exec } }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      }),
    );
    const said = /^leader-run: (Running exec plugin|exec plugin "[^"]*": no luck)/;
    expect(await refusal(path, [...lock, ...command], said)).toMatch(message);
  });
});

it('credentials that do not come are named when the wait is over, and the plugin is gone', async () => {
  const folder = temporaryFolder();
  const plugin = join(folder, 'plugin');
  writeFileSync(
    plugin,
    `#!/bin/sh\necho $$ > '${folder}/pid'\necho Open this page >&2\nexec sleep 600\n`,
  );
  chmodSync(plugin, 0o755);
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: plugin,
    interactiveMode: 'Never',
  };
  const path = kubeconfigFor('https://127.0.0.1:1', { exec });
  const said = /^leader-run: (Running exec plugin|exec plugin "[^"]*": Open this page$)/;
  expect(await refusal(path, [...lock, '--wait', '1s', ...command], said)).toMatch(
    /there are no credentials yet: exec plugin ".*" is still running$/,
  );
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  // Init reaps it when it comes to that.
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 30_000 });
});

describe('at first contact', () => {
  it('credentials that are not known are refused: 401', async () => {
    const { kubeconfig } = await scriptedServer((_, response) => response.writeHead(401).end());
    expect(await refusal(kubeconfig, [...lock, ...command])).toMatch(/401|Unauthorized/);
  });

  it('a namespace that does not exist is named', async () => {
    const { kubeconfigPath } = await sandbox();
    const message = await refusal(kubeconfigPath, [...lock, '-n', 'nowhere', ...command]);
    expect(message).toContain('"nowhere"');
  });

  it('403 says what to grant, once it has lasted', async () => {
    const { kubeconfig } = await scriptedServer((_, response) => {
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'Forbidden',
        code: 403,
        message: 'leases "x" is forbidden: User "system:serviceaccount:a:b" cannot get resource',
      };
      response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify(status));
    });
    const message = await refusal(kubeconfig, [...lock, ...command], /403 Forbidden.*; retrying$/);
    expect(message).toContain('system:serviceaccount:a:b');
    expect(message).toMatch(/get, create, update/);
  });
});

describe('the same lock inside itself', () => {
  it('is refused, not waited for', async () => {
    const { kubeconfigPath } = await sandbox();
    const inner = `"$0" --lock-name x -- echo started; echo status $?`;
    const run = await start(kubeconfigPath, [...lock, '--', 'sh', '-c', inner, leaderRun]);
    expect(run.stdout).toBe('status 125');
    expect(run.stderr).toContain('inside a leader-run');
  });

  it('is refused also with another lock in between', async () => {
    const { kubeconfigPath } = await sandbox();
    const inner = `"$0" --lock-name y -- "$0" --lock-name x -- echo started; echo status $?`;
    const run = await start(kubeconfigPath, [...lock, '--', 'sh', '-c', inner, leaderRun]);
    expect(run.stdout).toBe('status 125');
  });
});

/** A mount namespace of its own, in which the files of a pod can be put where they are in a pod. */
const ownMounts = ['unshare', '-rm'] as const;
const mayMount =
  spawnSync(ownMounts[0], ['-rm', 'mount', '-t', 'tmpfs', 'none', '/run']).status === 0;

it.runIf(mayMount)('in a pod with a broken variable it is named, in one line', async () => {
  const folder = '/run/secrets/kubernetes.io/serviceaccount';
  const script = `mount -t tmpfs none /run && mkdir -p ${folder} && echo t >${folder}/token && exec "$@"`;
  const words = [...ownMounts, 'sh', '-c', script, 'sh', leaderRun, ...lock, ...command] as const;
  const { exitCode, stdout, stderr } = await startBy(words, '', [], {
    HOME: '/nonexistent',
    KUBERNETES_SERVICE_HOST: '10.0.0.1:6443',
    KUBERNETES_SERVICE_PORT: '443',
  });
  expect([exitCode, stdout, stderr]).toEqual([
    125,
    '',
    'leader-run: Cannot find the cluster of this pod: KUBERNETES_SERVICE_HOST is "10.0.0.1:6443": it must be a host name or an IP address, without a port',
  ]);
});

it('a second replica with the same --id is told what that means', async () => {
  const { kubeconfigPath } = await sandbox();
  const args = [...lock, '--id', 'same', '--', 'sh', '-c', 'echo up; exec sleep 600'];
  const leader = start(kubeconfigPath, args);
  await waitFor(leader.stdout, 'up');
  const { exitCode, stdout, stderr } = await start(kubeconfigPath, ['--try', ...args]);
  expect([exitCode, stdout]).toEqual([124, '']);
  expect(stderr).toContain(
    'held by another process with the same identity "same": give each its own --id',
  );
});
