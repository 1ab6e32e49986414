/** What obtains credentials from elsewhere: a program, an issuer, a file. */
import type { RequestOptions } from 'node:https';
import type { Authenticator } from '@kubernetes/client-node/dist/auth.js';
import type { User } from '@kubernetes/client-node/dist/config_types.js';

/** The name under which a {@link Provider} claims a user; client-node's own would claim other names. */
export const providerName = 'leader-run';

/**
 * Whether new credentials are wanted: `soon`, those at hand are good until they come; `now`, they have expired, or there are none.
 */
export type Due = 'no' | 'soon' | 'now';

export interface Provider extends Authenticator {
  /** Whether it connects to somebody itself. */
  readonly connects: boolean;
  isDue(): Due;
  /** What takes its time now, as a clause; null if nothing does. */
  activity(): string | null;
  /** The server refused what this gave: it is not to be given again. */
  forget(): void;
  /** Ends what is under way. */
  close(): void;
}

/** Registered with client-node as an authenticator. */
export abstract class ProviderBase {
  readonly connects: boolean = false;

  isAuthProvider(user: User): boolean {
    const { authProvider } = user as { authProvider?: { name?: unknown } | null };
    return authProvider?.name === providerName;
  }

  isDue(): Due {
    return 'no';
  }

  activity(): string | null {
    return null;
  }

  forget(): void {
    // Nothing is kept.
  }

  close(): void {
    // Nothing is under way.
  }
}

/** One whose code few runs need: it is loaded when it is asked for the first time. It connects. */
export class LateProvider extends ProviderBase implements Provider {
  override readonly connects = true;
  readonly #load: () => Promise<Provider>;
  #provider: Provider | null = null;

  constructor(load: () => Promise<Provider>) {
    super();
    this.#load = load;
  }

  async applyAuthentication(user: User, options: RequestOptions): Promise<void> {
    this.#provider ??= await this.#load();
    return this.#provider.applyAuthentication(user, options);
  }

  override isDue(): Due {
    return this.#provider?.isDue() ?? 'now';
  }

  override activity(): string | null {
    return this.#provider?.activity() ?? null;
  }

  override forget(): void {
    this.#provider?.forget();
  }

  override close(): void {
    this.#provider?.close();
  }
}

export function authorize(options: RequestOptions, token: string): void {
  options.headers = Object.assign({}, options.headers, { Authorization: `Bearer ${token}` });
}

/** Credentials are renewed so long before they expire, or for a fifth of their life if that is shorter. */
const mostAheadMs = 60_000;

/** When credentials are due that were obtained at one time and expire at another, all Unix time in ms. */
export function dueOf(obtainedAtMs: number, expiresAtMs: number, nowMs: number): Due {
  if (nowMs >= expiresAtMs) return 'now';
  const aheadMs = Math.min(mostAheadMs, (expiresAtMs - obtainedAtMs) / 5);
  return nowMs >= expiresAtMs - aheadMs ? 'soon' : 'no';
}
