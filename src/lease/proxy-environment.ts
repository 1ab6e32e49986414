/**
 * HTTPS_PROXY, HTTP_PROXY and NO_PROXY as Go's programs read them, so that leader-run reaches a cluster wherever kubectl does.
 * client-node knows only the kubeconfig's `proxy-url`, which goes before these.
 */
import { BlockList, isIP } from 'node:net';

/** The proxy for this server, or null. Lower-case names count too, but an upper-case one goes first. */
export function proxyFromEnvironment(server: URL, env: NodeJS.ProcessEnv): string | null {
  const proxy =
    server.protocol === 'https:'
      ? env['HTTPS_PROXY'] || env['https_proxy']
      : env['HTTP_PROXY'] || env['http_proxy'];
  if (!proxy || isExempt(server, env['NO_PROXY'] || env['no_proxy'] || '')) return null;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isExempt(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)) return true;
  return noProxy.split(',').some((entry) => matches(entry.trim().toLowerCase(), host, port));
}

/** `*`, an address, a range such as 10.0.0.0/8, a domain with all below it, or `.domain` for what is below it; also `host:port`. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return isInRange(host, entry);

  const [, name = entry, onlyPort] = /^(.*[^:]|\[.*\]):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== undefined && isIP(entry) === 0 && onlyPort !== port) return false;
  const wanted = isIP(entry) !== 0 ? entry : name.replace(/^\[|\]$/g, '');
  if (isIP(wanted) !== 0) return wanted === host;
  const domain = wanted.replace(/^\*(?=\.)/, '');
  return domain.startsWith('.')
    ? host.endsWith(domain)
    : host === domain || host.endsWith(`.${domain}`);
}

function isInRange(host: string, range: string): boolean {
  const [network = '', prefix = ''] = range.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(prefix)) return false;
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), type);
  return list.check(host, type);
}
