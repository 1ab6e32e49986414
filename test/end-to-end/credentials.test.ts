/** Credentials that take their time, or run out while leader-run leads. */
import { chmodSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Changes } from '../fixtures/changes.ts';
import { execApiVersion, execCredential } from '../fixtures/api/exec-plugin.ts';
import { idToken, readProviderConfig } from '../fixtures/api/id-token.ts';
import { LeaseServer } from '../fixtures/api/lease-server.ts';
import { startTlsFront } from '../fixtures/api/tls-front.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { scriptedServer, start, waitFor } from './rig.ts';

/** An attempt may take two thirds of a second. */
const short = ['--lease-duration', '6s', '--renew-deadline', '3s', '--retry-period', '1s'];
const words = ['--lock-name', 'x', ...short, '--', 'sh', '-c', 'echo up; exec sleep 600'];

/** A server over TLS, and who asked it: without TLS no credentials are sent. */
async function stage() {
  const store = new LeaseServer();
  const tokens: string[] = [];
  const changes = new Changes();
  const serve: RequestListener = (request, response) => {
    tokens.push(request.headers.authorization?.replace('Bearer ', '') ?? 'none');
    store.serve(request, response);
    changes.announce();
  };
  const { server } = await scriptedServer(serve);
  const { port } = server.address() as { port: number };
  const asked = (token: string, times = 1) =>
    changes.until(() => tokens.filter((one) => one === token).length >= times);
  return { cluster: await startTlsFront(port), tokens, asked };
}

it('an exec plugin may take longer than an attempt: the log says so, and the command leads then', async () => {
  const { cluster, tokens } = await stage();
  const folder = temporaryFolder();
  const command = join(folder, 'plugin');
  // The shell opens the pipe when the test does.
  const script = `#!/bin/sh
mkfifo '${folder}/go' && echo Log in >&2 && read -r line <'${folder}/go'
printf '%s' '${execCredential({ token: 'late' })}'
`;
  writeFileSync(command, script);
  chmodSync(command, 0o755);
  const exec = { apiVersion: execApiVersion, command, interactiveMode: 'Never' };
  const leader = start(writeKubeconfig(cluster, { exec }), words);

  const said = await waitFor(leader.stderr, 'is still running; retrying');
  expect(tokens).toEqual([]);
  writeFileSync(join(folder, 'go'), '\n');
  await waitFor(leader.stdout, 'up');
  leader.kill('SIGTERM');

  const { stderr } = await leader;
  expect(said.match(/Cannot reach/g)).toHaveLength(1);
  expect(said).toMatch(
    /Cannot reach lease .*: there are no credentials yet: exec plugin ".*" is still running; retrying$/m,
  );
  expect(stderr.match(/Running exec plugin/g)).toHaveLength(1);
  expect(stderr).toContain('Released');
  expect(new Set(tokens)).toEqual(new Set(['late']));
});

it('an OpenID token that runs out while leader-run leads is renewed, and kept in the kubeconfig', async () => {
  const { cluster, tokens, asked } = await stage();
  // It counts as expired for its last ten seconds.
  const [old, fresh] = [idToken(12), idToken(3_600)];
  const issuer = await scriptedServer((request, response) => {
    const metadata = { token_endpoint: `${issuer.url}/token` };
    const grant = { id_token: fresh, refresh_token: 'second' };
    response.end(JSON.stringify(request.url === '/token' ? grant : metadata));
  });
  const config = {
    ...{ 'idp-issuer-url': issuer.url, 'client-id': 'me' },
    ...{ 'id-token': old, 'refresh-token': 'first' },
  };
  const user = { 'auth-provider': { name: 'oidc', config } };
  const kubeconfig = writeKubeconfig(cluster, user);
  const leader = start(kubeconfig, words);

  await waitFor(leader.stdout, 'up');
  await asked(fresh, 2);
  leader.kill('SIGTERM');

  const { stderr } = await leader;
  expect(stderr.split('\n').slice(1, -1).join('\n')).not.toMatch(/Cannot|Leading/);
  expect(stderr).toContain('Released');
  expect(tokens[0]).toBe(old);
  expect(tokens.lastIndexOf(old)).toBeLessThan(tokens.lastIndexOf(fresh));
  expect(readProviderConfig(kubeconfig)).toMatchObject({
    'id-token': fresh,
    'refresh-token': 'second',
  });
});
