/** What only some runs load, from files of its own: the tests of src do not see how the build has set them apart. */
import { execa } from 'execa';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { startHttpProxy, startSocksProxy } from '../fixtures/api/proxies.ts';
import { bundle, leaderRun, sandbox } from './rig.ts';

const parts = readdirSync(dirname(bundle)).filter(
  (name) => name.endsWith('.cjs') && !bundle.endsWith(name),
);

test.each(parts)('%s can be loaded', (name) => {
  const part: unknown = createRequire(bundle)(join(dirname(bundle), name));
  expect(Object.keys(part as object).length).toBeGreaterThan(0);
});

test.each([
  ['http', startHttpProxy],
  ['socks5h', startSocksProxy],
] as const)('leads through a proxy that speaks %s', async (scheme, startProxy) => {
  const { url, token } = await sandbox();
  const proxy = await startProxy(Number(new URL(url).port));
  const kubeconfig = writeKubeconfig(
    // Over http:// the token goes in the path alone.
    { server: `${url}/${token}`, 'proxy-url': `${scheme}://127.0.0.1:${proxy.port}` },
    {},
  );
  const args = [
    '--kubeconfig',
    kubeconfig,
    '--lock-name',
    'x',
    '--wait',
    '20s',
    '--',
    'echo',
    'led',
  ];
  const { stdout } = await execa(leaderRun, args);
  expect(stdout).toBe('led');
  expect(proxy.targets.length).toBeGreaterThan(0);
});
