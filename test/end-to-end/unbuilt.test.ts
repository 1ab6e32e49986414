import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';

const root = resolve(import.meta.dirname, '../..');

describe('npm without scripts, on a clone that has not been built', () => {
  it('installs a leader-run that says what to run', async () => {
    const clone = await unbuiltClone();
    const prefix = temporaryFolder();
    await npm(clone, 'install', '--global', '.', '--prefix', prefix);

    const home = `${clone}/bin/..`;
    expect(await refusal(join(prefix, 'bin', 'leader-run'))).toEqual(
      `leader-run: Cannot start: "${home}/dist/leader-run.cjs" has not been built: run "npm ci && npm run build" in "${home}"`,
    );
  });

  it('packs a leader-run that says what was left out', async () => {
    const clone = await unbuiltClone();
    const folder = temporaryFolder();
    await npm(clone, 'pack', '--pack-destination', folder);
    const { version } = (await import('../../package.json', { with: { type: 'json' } })).default;
    await execa('tar', ['-xzf', `leader-run-${version}.tgz`], { cwd: folder });

    const home = join(folder, 'package', 'bin');
    expect(await refusal(join(home, 'leader-run'))).toBe(
      `leader-run: Cannot start: "${home}/../dist/leader-run.cjs" cannot be read: install leader-run again, from a package that was built before it was packed`,
    );
  });
});

/** What the launcher and npm look at of a clone. */
async function unbuiltClone(): Promise<string> {
  const clone = join(temporaryFolder(), 'clone');
  await mkdir(clone);
  for (const name of ['bin', 'scripts', 'package.json', 'README.md', 'LICENSE'])
    await cp(join(root, name), join(clone, name), { recursive: true });
  return clone;
}

async function npm(cwd: string, ...words: string[]): Promise<void> {
  const flags = ['--ignore-scripts', '--offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await execa('npm', [...words, ...flags], { cwd });
}

/** All that it says. */
async function refusal(file: string): Promise<string> {
  const { exitCode, all } = await execa(file, ['--lock-name', 'x', '--', 'true'], {
    reject: false,
    all: true,
  });
  expect(exitCode).toBe(125);
  return all;
}
