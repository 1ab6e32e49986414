/** A cluster whose user has an exec plugin, and the request that asks for its token. */
import { expect } from 'vitest';
import type { Notice } from '../../src/lease/notice.ts';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { json, leaseObject, startTlsServer } from '../fixtures/api/scripted-server.ts';

export const longMs = 30_000;
export const ok = json(200, leaseObject('1'));

export async function setUp(
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
export async function messageFrom(...args: Parameters<typeof setUp>): Promise<string> {
  const { get, server } = await setUp(...args);
  const answer = await get();
  expect(server.received).toEqual([]);
  expect(answer).toMatchObject({ id: 'failed', failure: { reason: 'credentials' } });
  return (answer as { failure: { message: string } }).failure.message;
}

export const print = (text: string) => `process.stdout.write(${JSON.stringify(text)});`;
export const printToken =
  'process.stdout.write(JSON.stringify({apiVersion: info.apiVersion, kind: "ExecCredential", status: {token: "token-" + run}}));';

/** In the first run it prints a token, later it does this. */
export const later = (script: string) => `if (run === 1) { ${printToken} } else { ${script} }`;

/** A token that has expired when it comes. */
export const printExpired = printToken.replace(
  '}}',
  ', expirationTimestamp: new Date().toISOString()}}',
);
