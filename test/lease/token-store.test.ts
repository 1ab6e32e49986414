/** How renewed tokens get into the kubeconfig: other programs read it, and kubectl writes it, too. */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createTokenStore } from '../../src/lease/token-store.ts';
import { writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { Changes } from '../fixtures/changes.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const server = 'https://127.0.0.1:1';

/** A kubeconfig in a folder of its own, and what keeps tokens in it. */
function setUp() {
  const folder = temporaryFolder();
  const user = { 'auth-provider': { name: 'oidc', config: { 'id-token': 'old' } } };
  const file = writeKubeconfig({ server }, user, folder);
  return { folder, file, store: createTokenStore(file, 'test-user') };
}

/** What is created, removed or moved in the folder from now on, by name. */
function listenTo(folder: string) {
  const names: (string | null)[] = [];
  const changes = new Changes();
  const watcher = watch(folder, (type, name) => {
    if (type === 'rename') names.push(name);
    changes.announce();
  });
  onTestFinished(() => watcher.close());
  return { names, until: (count: number) => changes.until(() => names.length >= count) };
}

test('the kubeconfig is replaced as a whole, under the lock of kubectl: who reads it reads the old or the new one', async () => {
  const { folder, file, store } = setUp();
  const before = { text: readFileSync(file, 'utf8'), inode: statSync(file).ino };
  const reader = openSync(file, 'r');
  onTestFinished(() => closeSync(reader));
  const { names, until } = listenTo(folder);

  await store.write({ 'id-token': 'new' });
  await until(5);

  const temporary = expect.stringMatching(/^config\.[-0-9a-f]{36}$/) as string;
  expect(names).toEqual(['config.lock', temporary, temporary, 'config', 'config.lock']);
  expect(statSync(file).ino).not.toBe(before.inode);
  expect(readFileSync(reader, 'utf8')).toBe(before.text);
  expect(store.read()).toEqual({ 'id-token': 'new' });
  expect(readdirSync(folder)).toEqual(['config']);
});

test('what kubectl writes while it holds the lock stays', async () => {
  const { folder, file, store } = setUp();
  const lock = join(folder, 'config.lock');
  writeFileSync(lock, '');

  const before = readFileSync(file, 'utf8');
  const written = store.write({ 'id-token': 'new' });
  await setImmediate();
  writeFileSync(file, before.replace('"old"', '"older","refresh-token":"r"'));
  rmSync(lock);
  await written;

  expect(store.read()).toEqual({ 'id-token': 'new', 'refresh-token': 'r' });
  expect(existsSync(lock)).toBe(false);
});

test('in a folder that takes no new file the kubeconfig is written in place', async () => {
  const { folder, file, store } = setUp();
  chmodSync(folder, 0o555);
  onTestFinished(() => chmodSync(folder, 0o755));
  const { ino, mode } = statSync(file);
  // Root may write anywhere.
  if (process.geteuid?.() === 0) {
    chownSync(file, 60_973, 60_973);
    process.seteuid?.(60_973);
    onTestFinished(() => process.seteuid?.(0));
  }

  await store.write({ 'id-token': 'new' });

  expect(store.read()).toEqual({ 'id-token': 'new' });
  expect(statSync(file)).toMatchObject({ ino, mode });
  expect(readdirSync(folder)).toEqual(['config']);
});
