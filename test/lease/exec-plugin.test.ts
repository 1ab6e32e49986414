import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createAuthority } from '../fixtures/certificates.ts';
import { writeFile } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { status } from '../fixtures/api/scripted-server.ts';
import { longMs, ok, printToken, setUp } from './exec-plugin-rig.ts';

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
