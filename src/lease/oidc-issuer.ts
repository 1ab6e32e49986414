/** The two requests to an OpenID issuer: what it offers, and new tokens for a refresh token. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { readFileSync } from 'node:fs';
import { firstLine } from './errors.ts';
import { readReply, type HttpReply } from './http.ts';
import { type JsonObject, parseObject, textOf } from '../json.ts';
import { createAgent } from './agents.ts';
import { proxyFor } from './proxy.ts';

/** An issuer that does not answer is given up after this. */
const answerTimeoutMs = 10_000;

export interface Issuer {
  readonly url: string;
  /** Rejects with what the issuer answered, and without its tokens. */
  refresh(refreshToken: string): Promise<Tokens>;
  /** Gives up what is under way. */
  close(): void;
}

export interface Tokens {
  readonly idToken: string;
  /** null: the old one stays good. */
  readonly refreshToken: string | null;
}

/** `config` is that of an `auth-provider: oidc`. */
export function createIssuer(config: JsonObject, env: NodeJS.ProcessEnv): Issuer {
  const ending = new AbortController();
  const url = textOf(config['idp-issuer-url']) ?? '';
  const send: Send = async (target, body, headers) =>
    exchange(new URL(target), body, headers, authorityOf(config), env, ending.signal);
  return {
    url,
    refresh: (refreshToken) => refresh(send, url, config, refreshToken),
    close: () => ending.abort(),
  };
}

type Send = (
  url: string,
  body: string | null,
  headers: Record<string, string>,
) => Promise<HttpReply>;

async function refresh(
  send: Send,
  issuer: string,
  config: JsonObject,
  refreshToken: string,
): Promise<Tokens> {
  const endpoint = await tokenEndpoint(send, issuer);
  const id = textOf(config['client-id']) ?? '';
  const secret = textOf(config['client-secret']) ?? '';
  const grant = { grant_type: 'refresh_token', refresh_token: refreshToken };
  const basic = [id, secret].map((part) => encodeURIComponent(part)).join(':');
  // As Go does: who takes no name and password as a header may take them in the body.
  const withHeader = await post(send, endpoint, grant, {
    Authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
  });
  const reply =
    withHeader.status === 200
      ? withHeader
      : await post(send, endpoint, {
          ...grant,
          client_id: id,
          ...(secret !== '' && { client_secret: secret }),
        });
  const tokens = parseObject(reply.body) ?? {};
  if (reply.status !== 200) throw new Error(`failed to refresh token: ${refusalOf(reply, tokens)}`);
  const idToken = textOf(tokens['id_token']);
  if (idToken === null) throw new Error('token response did not contain an id_token');
  return { idToken, refreshToken: textOf(tokens['refresh_token']) };
}

function post(
  send: Send,
  url: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<HttpReply> {
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return send(url, new URLSearchParams(form).toString(), { ...type, ...headers });
}

async function tokenEndpoint(send: Send, issuer: string): Promise<string> {
  const reply = await send(
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    null,
    {},
  );
  if (reply.status !== 200)
    throw new Error(
      `the OpenID issuer ${issuer} answered ${reply.status} to the query for its metadata`,
    );
  const endpoint = textOf(parseObject(reply.body)?.['token_endpoint']);
  if (endpoint === null || !URL.canParse(endpoint))
    throw new Error(`the metadata of the OpenID issuer ${issuer} have no token_endpoint`);
  return endpoint;
}

/** https://datatracker.ietf.org/doc/html/rfc6749#section-5.2 */
function refusalOf({ status }: HttpReply, body: JsonObject): string {
  const said = [body['error'], body['error_description']].map((part) => textOf(part) ?? '');
  return firstLine([status, ...said].join(' '));
}

function authorityOf(config: JsonObject): Buffer | null {
  const data = textOf(config['idp-certificate-authority-data']);
  if (data !== null) return Buffer.from(data, 'base64');
  const file = textOf(config['idp-certificate-authority']);
  return file === null ? null : readFileSync(file);
}

async function exchange(
  url: URL,
  body: string | null,
  headers: Record<string, string>,
  authority: Buffer | null,
  env: NodeJS.ProcessEnv,
  ending: AbortSignal,
): Promise<HttpReply> {
  const found = proxyFor(url, {}, env);
  if (found.id === 'failed') throw new Error(found.message);
  const agent = await createAgent({ server: url, proxy: found.proxy, authority });
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  const signal = AbortSignal.any([ending, AbortSignal.timeout(answerTimeoutMs)]);
  try {
    return await new Promise<HttpReply>((resolve, reject) => {
      open(url, {
        method: body === null ? 'GET' : 'POST',
        headers: { Accept: 'application/json', ...headers },
        agent,
        signal,
      })
        .on('response', (response) => {
          void readReply(response).then((reply) => {
            if (reply.id === 'reply') resolve(reply);
            else reject(new Error(`the OpenID issuer ${url.origin} broke off its answer`));
          });
        })
        .on('error', reject)
        .end(body ?? undefined);
    });
  } finally {
    agent.destroy();
  }
}
