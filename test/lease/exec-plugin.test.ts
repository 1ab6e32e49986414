import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { execCredential, fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { json, leaseObject, startServer, status } from '../fixtures/api/scripted-server.ts';

const longMs = 30_000;
const ok = json(200, leaseObject('1'));

async function setUp(
  script: string,
  { exec = {}, cluster = {}, execDeadlineMs = longMs, respond = [ok] as [typeof ok] } = {},
) {
  const folder = temporaryFolder();
  const plugin = fakePlugin(folder, script);
  const server = await startServer(respond);
  const user = { exec: { ...plugin.exec, ...exec } };
  const kubeconfig = writeKubeconfig({ server: server.url, ...cluster }, user, folder);
  const env = { PATH: process.env['PATH'], FLAVOUR: 'from-outside' };
  const api = connect(kubeconfig, { execDeadlineMs, env });
  return { api, plugin, server, get: () => api.send({ id: 'get' }, longMs).answer };
}

/** What a plugin with this script leads to. */
async function messageFrom(...args: Parameters<typeof setUp>): Promise<string> {
  const { get, server } = await setUp(...args);
  const answer = await get();
  expect(server.received).toEqual([]);
  expect(answer).toMatchObject({ id: 'failed', failure: { reason: 'credentials' } });
  return (answer as { failure: { message: string } }).failure.message;
}

const print = (text: string) => `process.stdout.write(${JSON.stringify(text)});`;
const printToken =
  'process.stdout.write(JSON.stringify({apiVersion: info.apiVersion, kind: "ExecCredential", status: {token: "token-" + run}}));';

describe('an exec plugin', () => {
  test('gives the token, and is not run again while it lasts', async () => {
    const { get, server, plugin } = await setUp(printToken);
    await get();
    await get();
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
    ]);
    expect(plugin.runs().length).toBe(1);
  });

  test('is run again when its token has expired', async () => {
    const lifeMs = 3_600_000;
    const expires = `expirationTimestamp: new Date(Date.now() + ${lifeMs}).toISOString()`;
    const { get, server } = await setUp(printToken.replace('}}', `, ${expires}}}`));
    await get();
    await get();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + lifeMs + 1 });
    onTestFinished(() => void vi.useRealTimers());
    await get();
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  test('finds in KUBERNETES_EXEC_INFO what it is asked for', async () => {
    const { get, plugin } = await setUp(printToken);
    await get();
    expect(plugin.runs()[0]?.info).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
  });

  test('is told of the cluster if it wants that', async () => {
    const config = { audience: 'x' };
    const { get, plugin, server } = await setUp(printToken, {
      exec: { provideClusterInfo: true },
      cluster: {
        'certificate-authority-data': 'Y2E=',
        extensions: [{ name: 'client.authentication.k8s.io/exec', extension: config }],
      },
    });
    await get();
    expect(plugin.runs()[0]?.info).toMatchObject({
      spec: {
        interactive: false,
        cluster: { server: server.url, 'certificate-authority-data': 'Y2E=', config },
      },
    });
  });

  test('gets the variables of the kubeconfig beside our own', async () => {
    const outside = await setUp(printToken);
    await outside.get();
    const inside = await setUp(printToken, {
      exec: { env: [{ name: 'FLAVOUR', value: 'vanilla' }] },
    });
    await inside.get();
    expect([outside, inside].map(({ plugin }) => plugin.runs()[0]?.flavour)).toEqual([
      'from-outside',
      'vanilla',
    ]);
  });

  test('may read its standard input: it is at its end', async () => {
    const { get } = await setUp(`readFileSync(0); ${printToken}`);
    expect(await get()).toMatchObject({ id: 'lease' });
  });

  test('named by a relative path is found beside the kubeconfig, not in the working directory', async () => {
    const { get } = await setUp(printToken, { exec: { command: './plugin.mjs' } });
    expect(await get()).toMatchObject({ id: 'lease' });
  });

  test('is asked again after a 401', async () => {
    const { get, server } = await setUp(printToken, {
      respond: [status(401, 'Unauthorized'), ok] as never,
    });
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  test('is asked once when both the watch and a request were refused', async () => {
    let refuseWatch!: () => void;
    const refused = status(401, 'Unauthorized');
    const later: typeof ok = (...args) => (refuseWatch = () => refused(...args));
    const { api, get, plugin, server } = await setUp(printToken, {
      respond: [later, refused, ok] as never,
    });
    api.watch('1', longMs, () => undefined);
    await server.arrived(1);
    await get();
    refuseWatch();
    const { headers } = await server.arrived(4);
    expect(headers.authorization).toBe('Bearer token-2');
    expect(plugin.runs().length).toBe(2);
  });

  test('that is slower than one attempt serves a later one', async () => {
    const { api, get, plugin, server } = await setUp(`setTimeout(() => {${printToken}}, 400);`);
    const first = await api.send({ id: 'get' }, 100).answer;
    expect(first).toMatchObject({ failure: { reason: 'timeout' } });
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(plugin.runs().length).toBe(1);
    expect(server.received.length).toBe(1);
  });

  test('is killed when the API is closed', async () => {
    const { api, plugin } = await setUp('setInterval(() => {}, 1000);');
    void api.send({ id: 'get' }, longMs).answer;
    await vi.waitFor(() => expect(plugin.runs().length).toBe(1), { timeout: longMs });
    const pid = plugin.runs()[0]?.pid ?? 0;
    api.close();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), {
      timeout: longMs,
    });
  });
});

describe('an exec plugin fails when it', () => {
  test('does not end: it is killed at its deadline', async () => {
    const message = await messageFrom('setInterval(() => {}, 1000);', { execDeadlineMs: 1_000 });
    expect(message).toMatch(/^exec plugin ".*plugin.mjs" did not end within 1s$/);
  });

  test('leaves a child behind that holds its output', async () => {
    const holder = `const { spawn } = await import('node:child_process');
spawn('sleep', ['5'], { stdio: 'inherit', detached: true }).unref();
setInterval(() => {}, 1000);`;
    expect(await messageFrom(holder, { execDeadlineMs: 1_000 })).toMatch(/did not end within 1s$/);
  });

  test('exits with an error: its last line is told', async () => {
    expect(
      await messageFrom('console.error("Traceback\\n\\nlogin expired\\n"); process.exit(3);'),
    ).toMatch(/^exec plugin ".*" exited with 3: login expired$/);
    expect(await messageFrom('process.exit(4);')).toMatch(/ exited with 4$/);
  });

  test('is not there: the hint of the kubeconfig is told', async () => {
    const command = join(temporaryFolder(), 'aws');
    const installHint = 'Install it\nfrom example.com';
    expect(await messageFrom('', { exec: { command, installHint } })).toBe(
      `exec plugin "${command}" is not installed: Install it`,
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

  test('has no command', async () => {
    expect(await messageFrom('', { exec: { command: '' } })).toBe('exec plugin has no command');
  });

  test('needs a terminal', async () => {
    expect(await messageFrom('', { exec: { interactiveMode: 'Always' } })).toMatch(
      /needs a terminal: leader-run gives it none$/,
    );
  });

  test('prints more than 1 MiB', async () => {
    const endless = 'const more = () => process.stdout.write("x".repeat(65536), more); more();';
    expect(await messageFrom(endless)).toMatch(/printed more than 1048576 bytes$/);
  });

  test.for([
    ['nothing', '', /printed no JSON but ""$/],
    ['rubbish', 'Please log in\n', /printed no JSON but "Please log in"$/],
    ['another kind', '{"kind":"Pod"}', /printed no ExecCredential object$/],
    ['null', 'null', /printed no ExecCredential object$/],
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
      /neither a token nor/,
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
