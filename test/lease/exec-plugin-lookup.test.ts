import { mkdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { execCredential, fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { startTlsServer } from '../fixtures/api/scripted-server.ts';
import { longMs, messageFrom, ok, print, printToken, setUp } from './exec-plugin-rig.ts';

describe('an exec plugin is looked up', () => {
  /** Where PATH leads to a folder by a relative path, with a plugin in it. */
  async function named(command: string, path: (folder: string) => string) {
    const folder = temporaryFolder();
    fakePlugin(folder, printToken);
    const { exec } = fakePlugin(folder, printToken);
    const server = await startTlsServer([ok]);
    const kubeconfig = writeKubeconfig(server.cluster, { exec: { ...exec, command } });
    const api = connect(kubeconfig, { env: { PATH: path(folder) } });
    return api.send({ id: 'get' }, longMs).answer;
  }

  test('in PATH', async () => {
    const answer = await named('plugin.mjs', (folder) => `/nonexistent:${folder}`);
    expect(answer).toMatchObject({ id: 'lease' });
  });

  test('not in what is relative in PATH, as anybody could have put it there', async () => {
    const answer = await named('plugin.mjs', (folder) => `:${relative(process.cwd(), folder)}`);
    expect(answer).toMatchObject({
      failure: { message: 'exec plugin "plugin.mjs" is not installed' },
    });
  });

  test.for(['./plugin.mjs', 'sub/../plugin.mjs', '../x/plugin.mjs'])(
    'beside a kubeconfig that is itself named relatively: %s',
    async (command) => {
      const folder = join(temporaryFolder(), 'x');
      mkdirSync(join(folder, 'sub'), { recursive: true });
      const { exec } = fakePlugin(folder, printToken);
      const server = await startTlsServer([ok]);
      const kubeconfig = writeKubeconfig(server.cluster, { exec: { ...exec, command } }, folder);
      const before = process.cwd();
      onTestFinished(() => process.chdir(before));
      process.chdir(folder);
      const api = connect(basename(kubeconfig), { env: { PATH: '/usr/bin' } });
      process.chdir(before);
      expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });
    },
  );
});

describe('an exec plugin may print', () => {
  const status = 'status: {token: token-1}';
  const yaml = `apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\n${status}\n`;

  test.for([
    ['YAML', yaml],
    ['YAML with a second document', `${yaml}---\n[`],
    ['JSON with a byte order mark', `\ufeff${execCredential({ token: 'token-1' })}`],
  ] as const)('%s', async ([, output]) => {
    const { get, server } = await setUp(print(output));
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(server.received[0]?.headers.authorization).toBe('Bearer token-1');
  });
});

describe('an exec plugin fails when it', () => {
  test('exits with an error: its last line is told', async () => {
    expect(
      await messageFrom('console.error("Traceback\\n\\nlogin expired\\n"); process.exit(3);'),
    ).toMatch(/^exec plugin ".*" exited with 3: login expired$/);
    expect(await messageFrom('process.exit(4);')).toMatch(/ exited with 4$/);
  });

  test('is not there: the hint of the kubeconfig is told', async () => {
    const command = join(temporaryFolder(), 'aws');
    const installHint = 'Install it\nfrom example.com\n';
    expect(await messageFrom('', { exec: { command, installHint } })).toBe(
      `exec plugin "${command}" is not installed: Install it from example.com`,
    );
    expect(await messageFrom('', { exec: { command } })).toBe(
      `exec plugin "${command}" is not installed`,
    );
  });

  test('may not be executed', async () => {
    expect(await messageFrom('', { exec: { command: '/etc/passwd' } })).toMatch(
      /^exec plugin "\/etc\/passwd" failed: .*EACCES/,
    );
  });

  test('needs a terminal', async () => {
    expect(await messageFrom('', { exec: { interactiveMode: 'Always' } })).toMatch(
      /has interactiveMode "Always": standard input is not a terminal$/,
    );
  });

  test('prints more than 1 MiB', async () => {
    const endless = 'const more = () => process.stdout.write("x".repeat(65536), more); more();';
    expect(await messageFrom(endless)).toMatch(/printed more than 1048576 bytes$/);
  });

  test.for([
    ['nothing', '', /printed neither JSON nor YAML but ""$/],
    ['rubbish', 'Please log in\n', /printed neither JSON nor YAML but "Please log in"$/],
    ['another kind', '{"kind":"Pod"}', /printed no ExecCredential object$/],
    ['null', 'null', /printed neither JSON nor YAML but "null"$/],
    [
      'another version',
      '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"}',
      /printed apiVersion "client.authentication.k8s.io\/v1beta1": the kubeconfig asks for "client.authentication.k8s.io\/v1"$/,
    ],
    [
      'no status',
      '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"}',
      /printed neither a token nor a client certificate with its key$/,
    ],
    [
      'a certificate without key',
      execCredential({ clientCertificateData: 'x' }),
      /only one of a client certificate and its key$/,
    ],
    [
      'no date',
      execCredential({ token: 't', expirationTimestamp: 'soon' }),
      /printed expirationTimestamp "soon"$/,
    ],
  ] as const)('prints %s', async ([, output, message]) => {
    expect(await messageFrom(print(output))).toMatch(message);
  });
});
