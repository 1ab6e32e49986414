import { execa } from 'execa';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

it('is the same dist, byte for byte, in whatever folder it is built', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'leader-run-build-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ['package.json', 'tsconfig.json', 'docs', 'scripts', 'src'])
    cpSync(name, join(folder, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  await execa('npm', ['run', 'build'], { cwd: folder });
  const files = readdirSync(join(folder, 'dist'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  expect(files.length).toBeGreaterThan(10);
  const differing = files.filter(
    (name) => !readFileSync(join(folder, name)).equals(readFileSync(name)),
  );
  expect(differing).toEqual([]);
});
