/**
 * `auth-provider: oidc`: an id-token that is renewed at its issuer by a refresh token, and kept in the kubeconfig as kubectl keeps it: a
 * refresh token may be good for one use.
 *
 * client-node's OpenIDConnectAuth hands its OpenID library a text where that wants a URL, takes seconds for Unix time and forgets the new
 * refresh token.
 */
import type { RequestOptions } from 'node:https';
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import { messageOf } from './errors.ts';
import { type JsonObject, parseObject, textOf } from '../json.ts';
import type { OnNotice } from './notice.ts';
import { createIssuer, type Issuer } from './oidc-issuer.ts';
import { createTokenStore, type TokenStore } from './token-store.ts';
import { authorize, type Due, dueOf, type Provider, ProviderBase } from './provider.ts';

/** Clocks differ: a token counts as expired so long before it is, as for client-go. */
const leewayMs = 10_000;

/** `config` is that of the `auth-provider`, of a user with this name in this kubeconfig; null for none. */
export function createOidcProvider(
  config: JsonObject,
  options: Pick<OidcOptions, 'env' | 'onNotice'> & {
    readonly userFile: string | null;
    readonly userName: string;
  },
): Provider {
  const store = createTokenStore(options.userFile, options.userName);
  return new OidcProvider({ ...options, config, store });
}

interface OidcOptions {
  /** The `config` of the provider, with issuer and client. */
  readonly config: JsonObject;
  readonly store: TokenStore;
  readonly env: NodeJS.ProcessEnv;
  readonly onNotice: OnNotice;
}

/** Renews the id-token when it expires or was refused. */
class OidcProvider extends ProviderBase implements Provider {
  override readonly connects = true;
  readonly #options: OidcOptions;
  readonly #issuer: Issuer;
  #config: JsonObject;
  #obtainedAtMs = Date.now();
  #isRefused = false;
  #isAsking = false;
  #wasTriedAhead = false;

  constructor(options: OidcOptions) {
    super();
    this.#options = options;
    this.#config = options.config;
    this.#issuer = createIssuer(options.config, options.env);
  }

  override isDue(): Due {
    if (this.#isRefused) return 'now';
    const due = dueOf(this.#obtainedAtMs, expiryOf(this.#config) - leewayMs, Date.now());
    return due === 'soon' && (this.#wasTriedAhead || !this.#canRenew()) ? 'no' : due;
  }

  override activity(): string | null {
    return this.#isAsking ? `the OpenID issuer ${this.#issuer.url} has not answered yet` : null;
  }

  /** A token that does not expire soon is refused again, once it was renewed. */
  override forget(): void {
    this.#isRefused = this.#canRenew();
  }

  override close(): void {
    this.#issuer.close();
  }

  async applyAuthentication(_user: User, options: RequestOptions): Promise<void> {
    if (this.isDue() !== 'no') {
      this.#wasTriedAhead = true;
      this.#isAsking = true;
      await this.#renew().finally(() => (this.#isAsking = false));
      this.#wasTriedAhead = false;
      this.#isRefused = false;
      this.#obtainedAtMs = Date.now();
    }
    authorize(options, textOf(this.#config['id-token']) ?? '');
  }

  #canRenew(): boolean {
    return textOf(this.#config['refresh-token']) !== null;
  }

  /** Another program of the same user may have been first. */
  async #renew(): Promise<void> {
    if (this.#adopt()) return;
    const refreshToken = textOf(this.#config['refresh-token']);
    if (refreshToken === null)
      throw new Error('No valid id-token, and cannot refresh without refresh-token: log in again');
    const tokens = await this.#issuer.refresh(refreshToken).catch((error: unknown) => {
      if (this.#adopt()) return null;
      throw error;
    });
    if (tokens === null) return;
    const entries = {
      'id-token': tokens.idToken,
      ...(tokens.refreshToken !== null && { 'refresh-token': tokens.refreshToken }),
    };
    this.#config = { ...this.#config, ...entries };
    await this.#options.store.write(entries).catch((error: unknown) => {
      const why = messageOf(error);
      this.#options.onNotice({
        level: 'warn',
        event: 'tokens-not-saved',
        text: `Cannot save the renewed OpenID tokens to the kubeconfig: ${why}. Other programs may have to log in again`,
        facts: {},
      });
    });
  }

  /** Whether the kubeconfig has a valid token by now that was not refused. */
  #adopt(): boolean {
    const stored = this.#options.store.read();
    if (stored === null) return false;
    const isNew = textOf(stored['id-token']) !== textOf(this.#config['id-token']);
    // The refresh token may be a newer one, too, whatever becomes of the id-token.
    this.#config = { ...this.#config, ...stored };
    return isNew && expiryOf(stored) - leewayMs > Date.now();
  }
}

/** When the id-token expires, Unix time in ms; 0 without one. Throws if it is none. */
function expiryOf(config: JsonObject): number {
  const token = textOf(config['id-token']);
  if (token === null) return 0;
  const [, payload, signature, ...more] = token.split('.');
  const claims = parseObject(Buffer.from(payload ?? '', 'base64url').toString());
  if (signature === undefined || more.length > 0 || claims === null)
    throw new Error('ID Token is not a valid JWT: log in again');
  const expiry = Number(claims['exp']);
  return Number.isFinite(expiry) ? expiry * 1000 : 0;
}
