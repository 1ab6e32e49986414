/** The npm package, as it is published: what is in it, and that it can be installed where there is nothing else. */
import { execa } from 'execa';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { pack, stagePackage } from '../../scripts/release/stage.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { sandbox } from '../end-to-end/rig.ts';

let folder = '';
let tarball = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'leader-run-package-'));
  chmodSync(folder, 0o755);
  stagePackage(join(folder, 'staged'));
  tarball = join(folder, pack(join(folder, 'staged'), folder));
});

afterAll(() => rmSync(folder, { recursive: true }));

it('has the program and its documents, and nothing that only developers need', async () => {
  const { stdout } = await execa('tar', ['-tzf', tarball]);
  const files = stdout.split('\n').map((path) => path.replace(/^package\//, ''));
  const expected =
    /^(bin\/leader-run|dist\/[\w./-]+|docs\/[\w./-]+\.(md|svg|json)|examples\/[\w.-]+|(README|CHANGELOG|SECURITY)\.md|LICENSE|package\.json)$/;
  expect(files.filter((path) => !expected.test(path))).toEqual([]);
  for (const path of ['bin/leader-run', 'dist/program.js', 'dist/THIRD-PARTY-LICENSES', 'LICENSE'])
    expect(files).toContain(path);
  expect(files.filter((path) => path.endsWith('koffi.node')).length).toBeGreaterThan(0);
});

it('is the same, and may be read by all, whatever the umask of who made it', async () => {
  const again = temporaryFolder();
  const staged = join(again, 'staged');
  cpSync(join(folder, 'staged'), staged, { recursive: true });
  await execa('chmod', ['-R', 'go-rwx', staged]);
  const other = join(again, pack(staged, again));
  const { stdout } = await execa('tar', ['-tvzf', other]);
  expect(stdout.split('\n').filter((line) => !/^-rw[-x]r-[-x]r-[-x]/.test(line))).toEqual([]);
  expect(readFileSync(other).equals(readFileSync(tarball))).toBe(true);
});

it('asks for nothing else, and runs nothing when it is installed', () => {
  const manifest = JSON.parse(readFileSync(join(folder, 'staged/package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const unwanted = Object.keys(manifest).filter((key) =>
    /^scripts$|dependencies|overrides/i.test(key),
  );
  expect(unwanted).toEqual([]);
  expect(manifest['bin']).toEqual({ 'leader-run': 'bin/leader-run' });
});

const users = process.getuid?.() === 0 ? [0, 12_345] : [process.getuid?.() ?? 0];

describe.each(users)('for the user %i, without a network', (uid) => {
  /** npm with nothing of this machine's. */
  function npm() {
    const home = mkdtempSync(join(tmpdir(), 'leader-run-home-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const work = join(home, 'work');
    mkdirSync(work);
    for (const path of [home, work]) chownSync(path, uid, uid);
    const PATH = process.env['PATH'] ?? '';
    const options = {
      ...{ uid, gid: uid, cwd: work, extendEnv: false, all: true },
      env: {
        ...{ PATH, HOME: home, npm_config_offline: 'true', npm_config_ignore_scripts: 'true' },
        npm_config_update_notifier: 'false',
      },
    } as const;
    return { home, options };
  }

  it('is installed without a warning, and leads', async () => {
    const { home, options } = npm();
    const { url, token } = await sandbox();
    const words = ['install', '--global', '--prefix', home, tarball];
    const installed = await execa('npm', words, options);
    expect(installed.all).not.toMatch(/warn|error/i);
    const kubeconfig = join(home, 'kubeconfig');
    await execa('tee', [kubeconfig], { ...options, input: kubeconfigOf(url, token) });
    const run = await execa(
      join(home, 'bin/leader-run'),
      ['--lock-name', 'x', '-q', '--', 'sh', '-c', 'exit 7'],
      { ...options, env: { ...options.env, KUBECONFIG: kubeconfig }, reject: false },
    );
    expect([run.exitCode, run.all]).toEqual([7, '']);
  });

  it('runs by npx', async () => {
    const { options } = npm();
    const words = ['--yes', '--package', tarball, 'leader-run', '--version'];
    const { stdout } = await execa('npx', words, options);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

function kubeconfigOf(server: string, token: string): string {
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'x' },
    clusters: [{ name: 'x', cluster: { server: `${server}/${token}` } }],
    users: [{ name: 'x', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
  });
}
