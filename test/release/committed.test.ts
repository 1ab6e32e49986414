import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { refuseOtherFiles } from '../../scripts/release/committed.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

/** Shipped as they are, or what something is made from. */
const sources = [
  ...['bin/leader-run', 'docs/install.md', 'examples/Makefile', 'src/main.ts', 'scripts/build.ts'],
  ...['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', '.npmrc'],
];

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function clone(): string {
  const folder = temporaryFolder();
  const git = (...words: string[]) => execFileSync('git', words, { cwd: folder });
  for (const path of [...sources, 'test/a.test.ts']) write(folder, path, '');
  write(folder, '.gitignore', '*.swp\ndist/\n');
  git('init', '--quiet');
  git('add', '.');
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
  git(...author, 'commit', '--quiet', '--message', 'all');
  return folder;
}

it('what is committed may be released, with what is built and tests beside it', () => {
  const folder = clone();
  write(folder, 'dist/program.js', '');
  write(folder, 'test/a.test.ts', 'changed');
  expect(() => refuseOtherFiles(folder)).not.toThrow();
});

it('all else is refused by its name', () => {
  const folder = clone();
  const others = [...sources, 'docs/new/page.md', 'src/new.ts', 'docs/.page.md.swp'];
  for (const path of others) write(folder, path, 'changed');
  let message = '';
  try {
    refuseOtherFiles(folder);
  } catch (error) {
    message = (error as Error).message;
  }
  for (const path of others) expect(message).toContain(` ${path}\n`);
});
