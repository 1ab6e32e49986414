/** Which provider makes the credentials of a user, where client-node cannot. */
import { hasCertificate, signInOf } from './client-node.ts';
import { ExecPlugin, type ExecPluginOptions } from './exec-plugin.ts';
import { type JsonObject, isObject, objectOf, textOf } from '../json.ts';
import { type Provider, LateProvider } from './provider.ts';
import { TokenFile } from './token-file.ts';

export interface ProviderOptions extends Omit<ExecPluginOptions, 'exec'> {
  readonly userName: string;
  /** The kubeconfig that has the user; null for none. */
  readonly userFile: string | null;
}

/** As client-go chooses: a token or a password goes before both others, a certificate before an exec plugin. */
export function providerOf(user: JsonObject, options: ProviderOptions): Provider | null {
  const way = signInOf(user);
  if (way === 'file') return new TokenFile(textOf(user['tokenFile']) ?? '', textOf(user['token']));
  if (way !== 'provider') return null;
  const { exec } = user;
  if (isObject(exec)) return hasCertificate(user) ? null : new ExecPlugin({ ...options, exec });
  const provider = user['auth-provider'];
  if (!isObject(provider)) return null;
  const { userFile, userName, env, onNotice } = options;
  return new LateProvider(async () => {
    const { createOidcProvider } = await import('./oidc.ts');
    return createOidcProvider(objectOf(provider['config']), { userFile, userName, env, onNotice });
  });
}
