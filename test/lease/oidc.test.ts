/** `auth-provider: oidc`: tokens renewed at an issuer, and kept in the kubeconfig. */
import { lstatSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { idToken, readProviderConfig } from '../fixtures/api/id-token.ts';
import { connect, writeFile } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { json, startTlsServer, status } from '../fixtures/api/scripted-server.ts';
import { longMs, ok, startIssuer, granted, setUp } from './oidc-rig.ts';

describe('an id-token', () => {
  test('that has expired is renewed by the refresh token, and both are kept in the kubeconfig', async () => {
    const fresh = idToken(3_600);
    const { url, asked } = await startIssuer([granted(fresh, 'second')]);
    const config = {
      'idp-issuer-url': url,
      'client-id': 'me',
      'client-secret': 's/cret',
      'id-token': idToken(-60),
      'refresh-token': 'first',
    };
    const { kubeconfig, folder, get, sent, notices } = await setUp({ config });
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(sent()).toEqual([`Bearer ${fresh}`, `Bearer ${fresh}`]);
    expect(asked).toEqual([
      {
        form: { grant_type: 'refresh_token', refresh_token: 'first' },
        authorization: `Basic ${Buffer.from('me:s%2Fcret').toString('base64')}`,
      },
    ]);
    expect(readProviderConfig(kubeconfig)).toEqual({
      ...config,
      'id-token': fresh,
      'refresh-token': 'second',
    });
    expect(statSync(kubeconfig).mode & 0o7777).toBe(0o640);
    expect(readdirSync(folder)).toEqual([basename(kubeconfig)]);
    expect(notices).toEqual([]);
  });

  test('is renewed without a change to anything else in the kubeconfig', async () => {
    const { url } = await startIssuer([granted(idToken(3_600))]);
    const config = { 'idp-issuer-url': url, 'client-id': 'me', 'refresh-token': 'only' };
    const { kubeconfig, get } = await setUp({ config });
    await get();
    const text = readFileSync(kubeconfig, 'utf8');
    expect(readProviderConfig(kubeconfig)).toMatchObject({
      ...config,
      'id-token': expect.any(String) as string,
    });
    // As another program reads it: a plain yes stays plain, a quoted number quoted.
    expect(text).toMatch(/^current-context: yes$/m);
    expect(text).toMatch(/namespace: 2024-01-05$/m);
    expect(text).toMatch(/token: '1e3'$/m);
    expect(text).toMatch(/- '017'$/m);
  });

  test('that is valid is used as it is, and renewed when the server refuses it', async () => {
    const [old, fresh] = [idToken(3_600), idToken(3_600)];
    const { url, asked } = await startIssuer([granted(fresh)]);
    const { get, sent } = await setUp({
      config: {
        'idp-issuer-url': url,
        'client-id': 'me',
        'id-token': old,
        'refresh-token': 'first',
      },
      respond: [ok, status(401, 'Unauthorized'), ok],
    });
    await get();
    expect(asked).toEqual([]);
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(sent()).toEqual([`Bearer ${old}`, `Bearer ${old}`, `Bearer ${fresh}`]);
  });

  test('that another program has renewed meanwhile is taken from the kubeconfig', async () => {
    const fresh = idToken(3_600);
    const { url, asked } = await startIssuer([status(400, '')]);
    const old = idToken(-60);
    const { kubeconfig, get, sent } = await setUp({
      config: { 'idp-issuer-url': url, 'client-id': 'me', 'id-token': old, 'refresh-token': 'r' },
    });
    const text = readFileSync(kubeconfig, 'utf8');
    writeFile(join(kubeconfig, '..'), 'config', text.replace(old, fresh));
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(sent()).toEqual([`Bearer ${fresh}`]);
    expect(asked).toEqual([]);
  });

  test('that another program renews at the same time is taken, too: a refresh token may be good for one use', async () => {
    const [old, fresh] = [idToken(-60), idToken(3_600)];
    let renewElsewhere = (): void => undefined;
    const { url } = await startIssuer([
      (response, received) => {
        renewElsewhere();
        json(400, { error: 'invalid_grant' })(response, received);
      },
    ]);
    const { kubeconfig, get, sent } = await setUp({
      config: { 'idp-issuer-url': url, 'client-id': 'me', 'id-token': old, 'refresh-token': 'r' },
    });
    renewElsewhere = () => {
      const text = readFileSync(kubeconfig, 'utf8');
      writeFile(join(kubeconfig, '..'), 'config', text.replace(old, fresh));
    };
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(sent()).toEqual([`Bearer ${fresh}`]);
  });

  test.for([
    ['not.a.token', 'ID Token is not a valid JWT: log in again'],
    ['rubbish', 'ID Token is not a valid JWT: log in again'],
    ['', 'No valid id-token, and cannot refresh without refresh-token: log in again'],
    [idToken(-1), 'No valid id-token, and cannot refresh without refresh-token: log in again'],
  ] as const)('%s is unusable without a refresh token', async ([token, message]) => {
    const { url } = await startIssuer([status(500, '')]);
    const { get, server } = await setUp({
      config: { 'idp-issuer-url': url, 'client-id': 'me', 'id-token': token },
    });
    expect(await get()).toMatchObject({ failure: { reason: 'credentials', message } });
    expect(server.received).toEqual([]);
  });
});

describe('an issuer', () => {
  const tokensOf = { 'client-id': 'me', 'refresh-token': 'first' };

  test('may have a certificate of its own authority', async () => {
    const fresh = idToken(3_600);
    const { url, issuer } = await startIssuer([granted(fresh)], startTlsServer);
    const authority = {
      'idp-certificate-authority-data': issuer.cluster['certificate-authority-data'],
    };
    const { get, sent } = await setUp({
      config: { 'idp-issuer-url': url, ...tokensOf, ...authority },
    });
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(sent()).toEqual([`Bearer ${fresh}`]);
  });

  test('that takes the client only in the body gets it there', async () => {
    const fresh = idToken(3_600);
    const { url, asked } = await startIssuer([
      json(401, { error: 'invalid_client' }),
      granted(fresh),
    ]);
    const { get } = await setUp({ config: { 'idp-issuer-url': url, ...tokensOf } });
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(asked[1]).toEqual({
      form: { grant_type: 'refresh_token', refresh_token: 'first', client_id: 'me' },
      authorization: undefined,
    });
  });

  test.for([
    [
      json(400, { error: 'invalid_grant', error_description: 'Session not active' }),
      'failed to refresh token: 400 invalid_grant Session not active',
    ],
    [json(200, { access_token: 'a' }), 'token response did not contain an id_token'],
  ] as const)('that refuses is told with its words', async ([answer, message]) => {
    const { url } = await startIssuer([answer]);
    const { get } = await setUp({ config: { 'idp-issuer-url': url, ...tokensOf } });
    expect(await get()).toMatchObject({ failure: { reason: 'credentials', message } });
  });

  test('that cannot be verified is told', async () => {
    const { url } = await startIssuer([granted(idToken(60))], startTlsServer);
    const { get } = await setUp({ config: { 'idp-issuer-url': url, ...tokensOf } });
    expect(await get()).toMatchObject({
      failure: { reason: 'credentials', message: expect.stringMatching(/certificate/) as string },
    });
  });
});

describe('the kubeconfig', () => {
  const tokensOf = { 'client-id': 'me', 'refresh-token': 'first' };

  test('that cannot be written is told, and the tokens are used all the same', async () => {
    const fresh = idToken(3_600);
    let remove = (): void => undefined;
    const { url } = await startIssuer([
      (response, received) => {
        remove();
        granted(fresh)(response, received);
      },
    ]);
    const { kubeconfig, get, sent, notices } = await setUp({
      config: { 'idp-issuer-url': url, ...tokensOf },
    });
    remove = () => rmSync(kubeconfig);
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(sent()).toEqual([`Bearer ${fresh}`]);
    expect(notices.map(({ level, text }) => `${level}: ${text}`)).toEqual([
      expect.stringMatching(
        /^warn: Cannot save the renewed OpenID tokens to the kubeconfig: ENOENT.*\. Other programs may have to log in again$/,
      ),
    ]);
  });

  test('that is a link stays one', async () => {
    const { url } = await startIssuer([granted(idToken(3_600), 'second')]);
    const { kubeconfig } = await setUp({ config: { 'idp-issuer-url': url, ...tokensOf } });
    const link = join(temporaryFolder(), 'link');
    symlinkSync(kubeconfig, link);
    expect(await connect(link).send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readProviderConfig(kubeconfig)).toMatchObject({ 'refresh-token': 'second' });
  });

  test('whose lock is left over from a kubectl that was killed is written all the same', async () => {
    const { url } = await startIssuer([granted(idToken(3_600), 'second')]);
    const { kubeconfig, folder, get } = await setUp({
      config: { 'idp-issuer-url': url, ...tokensOf },
    });
    writeFile(folder, 'config.lock', '');
    await get();
    expect(readProviderConfig(kubeconfig)).toMatchObject({ 'refresh-token': 'second' });
    expect(readdirSync(folder).sort()).toEqual(['config', 'config.lock']);
  });
});
