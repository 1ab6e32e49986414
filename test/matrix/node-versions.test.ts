/** The npm package on each Node.js that it is for. The one that runs the tests is in test/release. */
import { execa } from 'execa';
import { describe, expect, inject, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { sandbox } from '../end-to-end/rig.ts';

const nodes = inject('nodes');

describe.each(Object.keys(nodes))('Node.js %s', (version) => {
  it('leads, with the program compiled anew, and says nothing', async () => {
    const home = temporaryFolder();
    const { kubeconfigPath } = await sandbox();
    const env = {
      ...{ PATH: `${nodes[version] ?? ''}:${process.env['PATH'] ?? ''}`, HOME: home },
      ...{ npm_config_offline: 'true', npm_config_update_notifier: 'false' },
    };
    const words = ['install', '--global', '--ignore-scripts', '--prefix', home, inject('tarball')];
    await execa('npm', words, { env, extendEnv: false, cwd: home });
    const run = await execa(
      `${home}/bin/leader-run`,
      ['--lock-name', 'x', '-q', '--', 'sh', '-c', 'readlink /proc/$PPID/exe; exit 7'],
      { env: { ...env, KUBECONFIG: kubeconfigPath }, extendEnv: false, reject: false, all: true },
    );
    expect([run.exitCode, run.all]).toEqual([7, `${nodes[version] ?? ''}/node`]);
  });
});
