/** A token in a file, as client-go reads it: trimmed, and a token beside it serves while the file cannot be read. */
import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import { authorize, type Provider, ProviderBase } from './provider.ts';

/** client-node's own neither trims nor has a substitute. */
export class TokenFile extends ProviderBase implements Provider {
  readonly #path: string;
  readonly #substitute: string | null;

  constructor(path: string, substitute: string | null) {
    super();
    this.#path = path;
    this.#substitute = substitute;
  }

  async applyAuthentication(_user: User, options: RequestOptions): Promise<void> {
    authorize(options, this.#read());
    return Promise.resolve();
  }

  #read(): string {
    try {
      const token = readFileSync(this.#path, 'utf8').trim();
      if (token === '') throw new Error(`read empty token from file "${this.#path}"`);
      return token;
    } catch (error) {
      if (this.#substitute === null) throw error;
      return this.#substitute;
    }
  }
}
