/** An issuer, and a kubeconfig whose user signs in by it. */
import { chmodSync } from 'node:fs';
import type { Notice } from '../../src/lease/notice.ts';
import { connect, writeFile } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import {
  json,
  leaseObject,
  startServer,
  startTlsServer,
  type Respond,
  type ScriptedServer,
} from '../fixtures/api/scripted-server.ts';

export const longMs = 30_000;
export const ok = json(200, leaseObject('1'));

/** An issuer whose token endpoint answers like this. */
export async function startIssuer(
  grant: readonly [Respond, ...Respond[]],
  start: (script: [Respond]) => Promise<ScriptedServer> = startServer,
) {
  const asked: { form: Record<string, string>; authorization: string | undefined }[] = [];
  const issuer: ScriptedServer = await start([
    (response, received) => {
      if (received.path === '/realm/.well-known/openid-configuration')
        return json(200, { token_endpoint: `${issuer.url}/token` })(response, received);
      const form = Object.fromEntries(new URLSearchParams(received.body));
      asked.push({ form, authorization: received.headers.authorization });
      return grant[Math.min(asked.length, grant.length) - 1]?.(response, received);
    },
  ]);
  return { url: `${issuer.url}/realm/`, issuer, asked };
}

export const granted = (token: string, refreshToken?: string) =>
  json(200, { id_token: token, refresh_token: refreshToken, access_token: 'a', expires_in: 60 });

export interface Setting {
  readonly config: object;
  readonly respond?: readonly [Respond, ...Respond[]];
}

/** A kubeconfig with this provider, as people have them. */
export async function setUp({ config, respond = [ok] }: Setting) {
  const server = await startTlsServer(respond);
  const folder = temporaryFolder();
  const settings = Object.entries(config)
    .map(([key, value]) => `        ${key}: ${String(value)}`)
    .join('\n');
  const kubeconfig = writeFile(
    folder,
    'config',
    `# mine
current-context: yes
clusters:
- name: c
  cluster: ${JSON.stringify(server.cluster)}
contexts:
- name: yes
  context: {cluster: c, user: u, namespace: 2024-01-05}
users:
- name: other
  user: {token: "1e3"}
- name: u
  user:
    as-user-extra: {n: ["017"]}
    as: bob
    auth-provider:
      name: oidc
      config:
${settings}
`,
  );
  chmodSync(kubeconfig, 0o640);
  const notices: Notice[] = [];
  const api = connect(kubeconfig, { onNotice: (notice) => void notices.push(notice) });
  const get = () => api.send({ id: 'get' }, longMs).answer;
  const sent = () => server.received.map(({ headers }) => headers.authorization);
  return { folder, kubeconfig, server, get, sent, notices };
}
