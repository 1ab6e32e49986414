import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';

describe('the kubeconfig of the sandbox', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'leader-run-test-'));
    path = join(folder, 'kubeconfig');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is readable by its owner only, and gone with the sandbox', async () => {
    const sandbox = await startSandbox({ port: 0, kubeconfigPath: path });
    expect(sandbox.kubeconfigPath).toBe(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await sandbox.close();
    expect(existsSync(path)).toBe(false);
  });

  it('is a temporary file, gone with its directory, if no path is given', async () => {
    const sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
    const folderOfItsOwn = dirname(sandbox.kubeconfigPath);
    expect(statSync(folderOfItsOwn).mode & 0o777).toBe(0o700);
    await sandbox.close();
    expect(existsSync(folderOfItsOwn)).toBe(false);
  });

  it('names the server, the token and the default namespace', async () => {
    const sandbox = await startSandbox({ port: 0, kubeconfigPath: path });
    const config = new KubeConfig();
    config.loadFromFile(path);
    await sandbox.close();
    expect(config.getCurrentUser()?.token).toBe(sandbox.token);
    expect(config.getCurrentCluster()?.server).toBe(`${sandbox.url}/${sandbox.token}`);
    expect(config.getContextObject(config.getCurrentContext())?.namespace).toBe('default');
  });

  it('never replaces a file of somebody else', async () => {
    writeFileSync(path, 'apiVersion: v1\n');
    await expect(startSandbox({ port: 0, kubeconfigPath: path })).rejects.toThrow(
      `Cannot write kubeconfig "${path}": it exists. Remove it or name another file`,
    );
    expect(readFileSync(path, 'utf8')).toBe('apiVersion: v1\n');
  });

  it('replaces one that a killed sandbox left behind', async () => {
    const first = await startSandbox({ port: 0, kubeconfigPath: path });
    const left = readFileSync(path, 'utf8');
    await first.close();
    writeFileSync(path, left);
    const second = await startSandbox({ port: 0, kubeconfigPath: path });
    expect(readFileSync(path, 'utf8')).toContain(second.url);
    await second.close();
  });

  it('is left alone at the end if it was changed meanwhile', async () => {
    const sandbox = await startSandbox({ port: 0, kubeconfigPath: path });
    writeFileSync(path, 'mine now\n');
    await sandbox.close();
    expect(readFileSync(path, 'utf8')).toBe('mine now\n');
  });

  it('that cannot be written is said in one line', async () => {
    const nowhere = join(folder, 'missing', 'kubeconfig');
    await expect(startSandbox({ port: 0, kubeconfigPath: nowhere })).rejects.toThrow(
      `Cannot write kubeconfig "${nowhere}": ENOENT`,
    );
  });
});
