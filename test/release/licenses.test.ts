import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundle } from '../../scripts/bundles.ts';
import { nativePackages, packageIn } from '../../scripts/licenses.ts';

const shipped = readFileSync('dist/THIRD-PARTY-LICENSES', 'utf8');

it('names each package of which the bundles have something, with the text of its licence', async () => {
  const metafiles = await bundle({ write: false });
  const paths = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap(({ inputs }) => Object.keys(inputs).filter((path) => inputs[path]?.bytesInOutput));
  const folders = new Set(
    paths.flatMap((path) => path.match(/^node_modules\/(@[^/]+\/)?[^/]+/)?.[0] ?? []),
  );
  expect(folders.size).toBeGreaterThan(10);
  for (const folder of folders) {
    const { name, version, text } = packageIn(folder);
    expect(shipped).toContain(`\n${name} ${version} (`);
    expect(shipped).toContain(text.replaceAll('\r\n', '\n'));
  }
});

it('names the native modules', () => {
  expect(shipped).toContain('@koromix/koffi-linux-x64 ');
  expect(shipped).toContain('Niels Martignène');
});

it('does not name what is left out', () => {
  expect(shipped).not.toMatch(/^(undici|hpagent|openid-client|jsonpath-plus) /m);
});

describe('a package cannot be shipped', () => {
  function folderOf(manifest: object, files: Readonly<Record<string, string>> = {}): string {
    const folder = mkdtempSync(join(tmpdir(), 'leader-run-licence-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  }

  it.each([
    ['without a licence', { name: 'a', version: '1.0.0' }, 'its licence is undefined'],
    ['by one that asks for more', { name: 'a', version: '1.0.0', license: 'GPL-3.0-only' }, 'GPL'],
  ])('%s', (_, manifest, message) => {
    expect(() => packageIn(folderOf(manifest, { LICENSE: 'text' }))).toThrow(message);
  });

  it('without its text', () => {
    const folder = folderOf({ name: 'a', version: '1.0.0', license: 'MIT' }, { 'README.md': '' });
    expect(() => packageIn(folder)).toThrow('Cannot ship a@1.0.0: it has no text of its licence');
  });

  it('beside the bundles, if nobody has put its text here', () => {
    expect(() => nativePackages({ other: '1.0.0' })).toThrow('no text');
  });
});
