/** Variables that steer Node.js are the command's affair: they change nothing for leader-run and reach the command. */
import { createServer } from 'node:https';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority, createServerCertificate } from '../fixtures/certificates.ts';
import { kubeconfigFor, sandbox, start } from './rig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { listen } from '../fixtures/listen.ts';

const lock = ['--lock-name', 'x'];

describe.each([
  ['NODE_OPTIONS', '--inspect=0'],
  ['NODE_OPTIONS', '--require ./missing.js'],
  ['NODE_OPTIONS', '--no-such-flag'],
  ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
  ['NODE_EXTRA_CA_CERTS', '/no/such/file'],
  ['NODE_V8_COVERAGE', '/no/such/folder'],
])('%s=%s', (name, value) => {
  it('reaches the command, and leader-run behaves as without it', async () => {
    const { kubeconfigPath } = await sandbox();
    const command = ['sh', '-c', `printf %s "$${name}"`];
    const run = await start(kubeconfigPath, [...lock, '--', ...command], { [name]: value });
    expect([run.exitCode, run.stdout]).toEqual([0, value]);
    // Node's warnings would be there.
    expect(run.stderr.split('\n').filter((line) => !line.startsWith('leader-run: '))).toEqual([]);
  });
});

it('a server whose authority only these variables would trust is not trusted', async () => {
  const authority = await createAuthority('unknown');
  const file = join(temporaryFolder(), 'ca.crt');
  writeFileSync(file, authority.cert);
  let requests = 0;
  const server = createServer(await createServerCertificate(authority), (_, response) => {
    requests += 1;
    response.end('{}');
  });
  const url = `https://127.0.0.1:${await listen(server)}`;
  const run = await start(kubeconfigFor(url), [...lock, '--wait', '1s', '--', 'echo', 'started'], {
    NODE_EXTRA_CA_CERTS: file,
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  });
  expect([run.exitCode, run.stdout, requests]).toEqual([125, '', 0]);
  expect(run.stderr).toMatch(/certificate/);
});
