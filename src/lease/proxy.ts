/** Which proxy leads to the server: that of the kubeconfig, else that of the environment. */
import { type JsonObject, textOf } from '../json.ts';
import { proxyFromEnvironment } from './proxy-environment.ts';

const schemes = ['http:', 'https:', 'socks5:', 'socks5h:'];

/** Why this is not the URL of a proxy, in client-go's words; null if it is one. */
export function proxyUrlProblem(text: string): string | null {
  const [, scheme = ''] = /^([A-Za-z][A-Za-z\d+.-]*):/.exec(text) ?? [];
  if (!schemes.includes(`${scheme.toLowerCase()}:`))
    return `unsupported scheme "${scheme}", must be http, https, or socks5`;
  return parseProxy(text) === null ? 'it is not a URL with a host' : null;
}

export type ProxyResult =
  | { readonly id: 'found'; readonly proxy: URL | null }
  | { readonly id: 'failed'; readonly message: string };

/** The proxy for this server; null for none. A `proxy-url` was found to be right before. */
export function proxyFor(server: URL, cluster: JsonObject, env: NodeJS.ProcessEnv): ProxyResult {
  const configured = textOf(cluster['proxy-url']);
  if (configured !== null) return { id: 'found', proxy: parseProxy(configured) };
  const found = proxyFromEnvironment(server, env);
  if (found === null) return { id: 'found', proxy: null };
  const problem = proxyUrlProblem(found);
  if (problem === null) return { id: 'found', proxy: parseProxy(found) };
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  return {
    id: 'failed',
    message: `Cannot use ${name} "${withoutPassword(found)}": ${problem}`,
  };
}

/** For messages. */
export function withoutPassword(url: string): string {
  return url.replace(/:\/\/[^/]*@/, '://…@');
}

function parseProxy(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const proxy = new URL(text);
  try {
    decodeURIComponent(proxy.username + proxy.password);
  } catch {
    return null;
  }
  return proxy.hostname === '' ? null : proxy;
}
