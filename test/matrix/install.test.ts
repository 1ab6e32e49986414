/** The lines of docs/install.md, run as they are there, by root on a machine whose folders are replaced for the time of the test. */
import { execa } from 'execa';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { debianNames } from '../../scripts/release/inputs.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const page = readFileSync('docs/install.md', 'utf8');
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, text = '']) => text,
  );
}

const isRoot = process.getuid?.() === 0;

/** Each folder that is written to is an empty one. */
async function runInstalled(script: string) {
  const prefix = temporaryFolder();
  const folders = [
    ...['/opt', '/usr/local/bin', '/etc/bash_completion.d', '/usr/local/share/zsh/site-functions'],
    '/usr/share/fish/vendor_completions.d',
  ].filter((folder) => existsSync(folder));
  const mounts = folders.map((folder) => `mount -t tmpfs none ${folder}`);
  const words = ['-c', ['set -e; mount --make-rprivate /', ...mounts, script].join('\n')];
  return execa('unshare', ['--mount', 'bash', ...words], {
    cwd: 'release',
    env: { npm_config_prefix: prefix, PATH: `${prefix}/bin:${process.env['PATH'] ?? ''}` },
  });
}

describe.skipIf(!isRoot || process.arch !== 'x64')('docs/install.md', () => {
  const [archive = '', npm = '', completion = ''] = blocks('sh');

  it('has three blocks of lines', () => expect(blocks('sh')).toHaveLength(3));

  it.each([
    ['the archive', archive],
    ['npm', npm],
  ])('by %s there is a leader-run of this version', async (_, script) => {
    const { stdout } = await runInstalled(script);
    expect(stdout.split('\n').at(-1)).toBe(version);
  });

  it('the completion is where the shells look', async () => {
    const lines = completion.split('\n').filter((line) => {
      const [, folder = ''] = /> ?(\/.*)\/[^/]+$/.exec(line) ?? [];
      return existsSync(folder);
    });
    expect(lines.length).toBeGreaterThan(0);
    const { stderr } = await runInstalled([archive, ...lines].join('\n'));
    expect(stderr).toBe('');
  });

  it('skopeo copies the image, for both architectures', async ({ skip }) => {
    const [, command = '', from = ''] = /`(skopeo copy --all (\S+)) docker:\S+`/.exec(page) ?? [];
    if (spawnSync('skopeo', ['--version']).status !== 0) skip('there is no skopeo');
    await execa('sh', ['-c', `${command} dir:"$1"`, 'sh', temporaryFolder()], { cwd: 'release' });
    for (const name of Object.values(debianNames)) {
      const words = ['--override-arch', name, 'inspect', '--format', '{{.Architecture}}', from];
      expect((await execa('skopeo', words, { cwd: 'release' })).stdout).toBe(name);
    }
  });

  it('what the Dockerfile copies and starts is in the folder', () => {
    const [dockerfile = ''] = blocks('dockerfile');
    const paths = dockerfile.match(/\/opt\/leader-run[\w/-]*/g) ?? [];
    expect(paths.length).toBeGreaterThan(2);
    for (const path of paths)
      expect(existsSync(join(inject('folder'), '../..', path)), path).toBe(true);
  });
});
