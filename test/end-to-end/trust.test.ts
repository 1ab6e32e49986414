/** Which authorities leader-run trusts: the kubeconfig's authority, and where it names none the system's, as kubectl does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { execCredential, fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { writeFile, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { startServer, status } from '../fixtures/api/scripted-server.ts';
import {
  createAuthority,
  createServerCertificate,
  type KeyPair,
} from '../fixtures/certificates.ts';
import { start } from './rig.ts';

const refusal = status(422, 'not today');
const command = ['--lock-name', 'x', '--wait', '1s', '--', 'true'];

let authority: KeyPair;
let localhost: KeyPair;
beforeAll(async () => {
  authority = await createAuthority('test authority');
  localhost = await createServerCertificate(authority);
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

it('knows the authorities of $SSL_CERT_FILE, and without it those of the system', async () => {
  const server = await startServer([refusal], localhost);
  const kubeconfig = writeKubeconfig({ server: server.url });
  const SSL_CERT_FILE = writeFile(temporaryFolder(), 'authority.crt', authority.cert);
  const knowing = await start(kubeconfig, command, { SSL_CERT_FILE });
  expect(knowing.stderr).toContain('not today');
  const unknowing = await start(kubeconfig, command, { SSL_CERT_FILE: '', SSL_CERT_DIR: '' });
  expect(unknowing.stderr).toMatch(/certificate/);
  expect(server.received.length).toBeGreaterThan(0);
});

it('trusts only the authority of the kubeconfig where there is one', async () => {
  const other = await createAuthority('other authority');
  const server = await startServer([refusal], localhost);
  const cluster = { server: server.url, 'certificate-authority-data': base64(other.cert) };
  const SSL_CERT_FILE = writeFile(temporaryFolder(), 'authority.crt', authority.cert);
  const run = await start(writeKubeconfig(cluster), command, { SSL_CERT_FILE });
  expect(run.stderr).toMatch(/certificate/);
  expect(server.received).toEqual([]);
});

it('leaves $SSL_CERT_FILE and $SSL_CERT_DIR to the exec plugin as they were', async () => {
  const folder = temporaryFolder();
  const notes = join(folder, 'notes');
  const { exec } = fakePlugin(
    folder,
    `const { SSL_CERT_FILE, SSL_CERT_DIR } = process.env;
     appendFileSync(${JSON.stringify(notes)}, JSON.stringify([SSL_CERT_FILE, SSL_CERT_DIR]));
     process.stdout.write(${JSON.stringify(execCredential({ token: 'secret' }))});`,
  );
  const server = await startServer([refusal], localhost);
  const cluster = { server: server.url, 'certificate-authority-data': base64(authority.cert) };
  const kubeconfig = writeKubeconfig(cluster, { exec });
  const run = await start(kubeconfig, command, {
    SSL_CERT_FILE: '/own/file',
    SSL_CERT_DIR: '/own/folder',
  });
  expect(run.stderr).toContain('not today');
  expect(readFileSync(notes, 'utf8')).toBe('["/own/file","/own/folder"]');
});
