import { mkdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Notice } from '../../src/lease/notice.ts';
import { createAuthority } from '../fixtures/certificates.ts';
import { connect, writeFile, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { execCredential, fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { json, leaseObject, startTlsServer, status } from '../fixtures/api/scripted-server.ts';

const longMs = 30_000;
const ok = json(200, leaseObject('1'));

async function setUp(
  script: string,
  {
    exec = {},
    cluster = {},
    execDeadlineMs = longMs,
    respond = [ok] as [typeof ok],
    terminal = { stdin: false, stderr: false },
  } = {},
) {
  const folder = temporaryFolder();
  const plugin = fakePlugin(folder, script);
  const server = await startTlsServer(respond);
  const user = { exec: { ...plugin.exec, ...exec } };
  const kubeconfig = writeKubeconfig({ ...server.cluster, ...cluster }, user, folder);
  const env = { PATH: process.env['PATH'], FLAVOUR: 'from-outside' };
  const notices: Notice[] = [];
  const onNotice = (notice: Notice) => void notices.push(notice);
  const api = connect(kubeconfig, { execDeadlineMs, env, terminal, onNotice });
  return { api, plugin, server, notices, get: () => api.send({ id: 'get' }, longMs).answer };
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
    const expires = `expirationTimestamp: new Date(Date.now() + run * ${lifeMs}).toISOString()`;
    const { get, server } = await setUp(printToken.replace('}}', `, ${expires}}}`));
    await get();
    await get();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + lifeMs + 1 });
    onTestFinished(() => void vi.useRealTimers());
    await get();
    // A plugin that takes longer than a moment is not waited for.
    await vi.waitFor(
      async () => {
        await get();
        expect(server.received.at(-1)?.headers.authorization).toBe('Bearer token-2');
      },
      { timeout: longMs },
    );
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
        extensions: [{ name: 'client.authentication.k8s.io/exec', extension: config }],
      },
    });
    await get();
    expect(plugin.runs()[0]?.info).toMatchObject({
      spec: {
        interactive: false,
        cluster: { ...server.cluster, config },
      },
    });
  });

  test('is told of an authority that is in a file, and of no config if there is none', async () => {
    const { cert } = await createAuthority('in a file');
    const ca = writeFile(temporaryFolder(), 'ca.crt', cert);
    const cluster = { 'certificate-authority-data': '', 'certificate-authority': ca };
    const { get, plugin } = await setUp(printToken, {
      exec: { provideClusterInfo: true },
      cluster,
    });
    await get();
    expect(plugin.runs()[0]?.info).toMatchObject({
      spec: {
        cluster: {
          'certificate-authority-data': Buffer.from(cert).toString('base64'),
          config: null,
        },
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
    expect(first).toMatchObject({
      failure: {
        reason: 'awaiting-credentials',
        message: expect.stringMatching(/^exec plugin ".*plugin.mjs" is still running$/) as string,
      },
    });
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

/** In the first run it prints a token, later it does this. */
const later = (script: string) => `if (run === 1) { ${printToken} } else { ${script} }`;

/** A token that has expired when it comes. */
const printExpired = printToken.replace('}}', ', expirationTimestamp: new Date().toISOString()}}');

describe('an exec plugin that takes its time', () => {
  const hang = 'setInterval(() => {}, 1000);';
  const refusedOnce = [ok, status(401, 'Unauthorized'), ok] as never;

  test.for([
    ['does not end', hang],
    [
      'leaves a child behind that holds its output',
      `const { spawn } = await import('node:child_process');
spawn('sleep', ['5'], { stdio: 'inherit', detached: true }).unref(); ${hang}`,
    ],
  ])('and %s is killed at its deadline', async ([, script]) => {
    const { get } = await setUp(later(script ?? ''), {
      execDeadlineMs: 1_000,
      respond: refusedOnce,
    });
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(await get()).toMatchObject({
      failure: {
        reason: 'credentials',
        message: expect.stringMatching(
          /^exec plugin ".*plugin.mjs" did not end within 1s$/,
        ) as string,
      },
    });
  });

  test('has all the time there is for its first run: a person may be about to log in', async () => {
    const { get } = await setUp(`setTimeout(() => {${printToken}}, 600);`, { execDeadlineMs: 100 });
    expect(await get()).toMatchObject({ id: 'lease' });
  });

  test('does not hold up requests while a token is at hand that the server still takes', async () => {
    const { get, server, plugin } = await setUp(
      `if (run === 1) { ${printExpired} } else { ${hang} }`,
    );
    for (let i = 0; i < 3; i += 1) expect(await get()).toMatchObject({ id: 'lease' });
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(
      Array(3).fill('Bearer token-1'),
    );
    expect(plugin.runs().length).toBe(2);
  });

  test('is run ahead of time, while the token still lasts, once', async () => {
    const lifeMs = 3_600_000;
    const expires = `, expirationTimestamp: new Date(${Date.now() + lifeMs}).toISOString()}}`;
    const { get, plugin } = await setUp(printToken.replace('}}', expires));
    await get();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + lifeMs - 30_000 });
    onTestFinished(() => void vi.useRealTimers());
    await get();
    await vi.waitFor(() => expect(plugin.runs().length).toBe(2), { timeout: longMs });
    await get();
    await get();
    expect(plugin.runs().length).toBe(2);
  });

  test('and fails while a token is at hand is told once', async () => {
    const { get, notices } = await setUp(
      `if (run === 1) { ${printExpired} } else { console.error('no network'); process.exit(1); }`,
    );
    for (let i = 0; i < 3; i += 1) expect(await get()).toMatchObject({ id: 'lease' });
    const told = notices.filter(({ event }) => event === 'credentials-not-renewed');
    expect(told.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^Cannot renew the credentials: exec plugin ".*" exited with 1: no network. Using the old ones$/,
      ),
    ]);
  });
});

describe('what an exec plugin says', () => {
  test('is logged line by line, as it comes, after that it runs', async () => {
    const { get, notices } = await setUp(
      `console.error('Open this page:\\n\\nhttps://login.example.com'); ${printToken}`,
    );
    await get();
    expect(notices.map(({ level, text }) => `${level}: ${text.replace(/"[^"]*"/, '"x"')}`)).toEqual(
      [
        'info: Running exec plugin "x" for credentials',
        'info: exec plugin "x": Open this page:',
        'info: exec plugin "x": https://login.example.com',
      ],
    );
  });

  test('goes to the terminal itself if there is one', async () => {
    const { get, notices } = await setUp(`process.stderr.write(''); ${printToken}`, {
      terminal: { stdin: false, stderr: true },
    });
    await get();
    expect(notices.length).toBe(1);
  });
});

describe('an exec plugin and the terminal', () => {
  const atTerminal = { stdin: true, stderr: false };
  const isInteractive = ({ info }: { info: unknown }) =>
    (info as { spec: { interactive: boolean } }).spec.interactive;

  test.for([
    ['Never', false],
    ['IfAvailable', true],
    ['Always', true],
  ] as const)('with interactiveMode %s, stdin being one', async ([interactiveMode, expected]) => {
    const { get, plugin } = await setUp(printToken, {
      exec: { interactiveMode },
      terminal: atTerminal,
    });
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(plugin.runs().map(isInteractive)).toEqual([expected]);
  });

  test('that belongs to the command once there was a token', async () => {
    const { get, plugin } = await setUp(printToken, {
      exec: { interactiveMode: 'IfAvailable' },
      terminal: atTerminal,
      respond: [ok, status(401, 'Unauthorized'), ok] as never,
    });
    await get();
    await get();
    expect(plugin.runs().map(isInteractive)).toEqual([true, false]);
  });
});

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
