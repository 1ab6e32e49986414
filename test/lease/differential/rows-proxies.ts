/** Proxies, of the kubeconfig and of the environment. */
import { row, usual, type Row } from './row.ts';
import type { World } from './world.ts';

interface Way {
  readonly server?: string;
  readonly url?: (world: World) => string;
  readonly env?: (world: World) => Readonly<Record<string, string>>;
  readonly cluster?: object;
}

function way(
  name: string,
  { server = 'https://api.test:6443', url, env, cluster }: Way,
  difference: string | null = null,
): Row {
  return row(
    name,
    (world) => {
      const isPlain = !server.startsWith('https');
      const section = {
        server,
        ...(isPlain && { 'certificate-authority-data': undefined }),
        ...(url && { 'proxy-url': url(world) }),
        ...cluster,
      };
      const config = usual(world, { cluster: section, user: { token: 'abc' } });
      return { files: { config }, env: env?.(world) ?? {} };
    },
    difference,
  );
}

const http = ({ proxies }: World) => `http://127.0.0.1:${proxies.http}`;
const socks = ({ proxies }: World) => `socks5://127.0.0.1:${proxies.socks}`;
const withPassword = ({ proxies }: World, user: string) =>
  `socks5://${user}@127.0.0.1:${proxies.socksWithPassword}`;
const plain = 'http://api.test:8080';

export const proxyRows: readonly Row[] = [
  way('http', { url: http }),
  way('http with a slash', { url: (world) => `${http(world)}/` }),
  way('HTTP in capitals', { url: (world) => http(world).replace('http', 'HTTP') }),
  way('http with user and password', {
    url: ({ proxies }) => `http://bob:p%40%3A@127.0.0.1:${proxies.http}`,
  }),
  way('http with a user alone', { url: ({ proxies }) => `http://bob@127.0.0.1:${proxies.http}` }),
  way('http that wants a password', {
    url: ({ proxies }) => `http://127.0.0.1:${proxies.refusing}`,
  }),
  way('http where nothing listens', { url: () => 'http://127.0.0.1:1' }),
  way('http to a server without a port', { server: 'https://api.test', url: http }),
  way('http to a server with a dot at its end', {
    server: 'https://kube.example.com.:6443',
    url: http,
  }),
  way('http to an IPv6 address', { server: 'https://[::1]:6443', url: http }),
  way('http to another name of the certificate', {
    url: http,
    cluster: { 'tls-server-name': 'kube.example.com' },
  }),
  way('http to a name that the certificate has not', { server: 'https://x.test:6443', url: http }),
  way('http to a plain server', { server: plain, url: http }),
  way('http to a plain server on port 80', { server: 'http://api.test', url: http }),
  way('http with a password to a plain server', {
    server: plain,
    url: ({ proxies }) => `http://bob:p@127.0.0.1:${proxies.http}`,
  }),
  way('http that wants a password to a plain server', {
    server: plain,
    url: ({ proxies }) => `http://127.0.0.1:${proxies.refusing}`,
  }),
  way('https that the authority of the cluster has signed', {
    url: ({ proxies }) => `https://localhost:${proxies.https}`,
  }),
  way('https by its address', { url: ({ proxies }) => `https://127.0.0.1:${proxies.https}` }),
  way('https to a plain server', {
    server: plain,
    url: ({ proxies }) => `https://localhost:${proxies.https}`,
  }),
  way('https with its name in the subject alone', {
    url: ({ proxies }) => `https://localhost:${proxies.nameless}`,
  }),
  way('https asked of a proxy that speaks http', {
    url: ({ proxies }) => `https://localhost:${proxies.http}`,
  }),
  way('http asked of a proxy that speaks https', {
    url: ({ proxies }) => `http://localhost:${proxies.https}`,
  }),
  way('socks5', { url: socks }),
  way('socks5 to an address', { server: 'https://127.0.0.1:6443', url: socks }),
  way('socks5 to a plain server', { server: plain, url: socks }),
  way('socks5 with user and password', { url: (world) => withPassword(world, 'bob:p%3Aw') }),
  way('socks5 with a wrong password', { url: (world) => withPassword(world, 'bob:no') }),
  way('socks5 that wants a password', {
    url: ({ proxies }) => `socks5://127.0.0.1:${proxies.socksWithPassword}`,
  }),
  way(
    'socks5h',
    { url: (world) => socks(world).replace('socks5', 'socks5h') },
    'kubectl refuses the word for what it does for socks5; other clients write it',
  ),
  way('socks4', { url: (world) => socks(world).replace('socks5', 'socks4') }),
  way('socks', { url: (world) => socks(world).replace('socks5', 'socks') }),
  way('no scheme', { url: () => 'proxy.example.com:3128' }),
  way('no scheme and no port', { url: () => 'proxy' }),
  way('an address without a scheme', { url: () => '127.0.0.1:3128' }),
  way('ftp', { url: () => 'ftp://127.0.0.1:3128' }),
  way('no host', { url: () => 'http://' }),
  way('a bad escape', { url: () => 'http://%zz@127.0.0.1:3128' }),
  way('an empty proxy-url', { server: 'https://127.0.0.1:1', url: () => '' }),
  way('a loopback server by the proxy of the kubeconfig', {
    server: 'https://localhost:6443',
    url: http,
  }),
  way('proxy-url whatever NO_PROXY says', { url: http, env: () => ({ NO_PROXY: 'api.test' }) }),
  way('proxy-url before HTTPS_PROXY', {
    url: http,
    env: (world) => ({ HTTPS_PROXY: socks(world) }),
  }),
  way('HTTPS_PROXY', { env: (world) => ({ HTTPS_PROXY: http(world) }) }),
  way('https_proxy', { env: (world) => ({ https_proxy: http(world) }) }),
  way('HTTPS_PROXY before https_proxy', {
    env: (world) => ({ HTTPS_PROXY: http(world), https_proxy: socks(world) }),
  }),
  way('HTTPS_PROXY without a scheme', {
    env: ({ proxies }) => ({ HTTPS_PROXY: `127.0.0.1:${proxies.http}` }),
  }),
  way('HTTPS_PROXY by socks5', { env: (world) => ({ HTTPS_PROXY: socks(world) }) }),
  way('HTTPS_PROXY by socks5 with a password', {
    env: (world) => ({ HTTPS_PROXY: withPassword(world, 'bob:p%3Aw') }),
  }),
  way('HTTP_PROXY for an https:// server', {
    server: 'https://127.0.0.1:1',
    env: (world) => ({ HTTP_PROXY: http(world) }),
  }),
  way('HTTP_PROXY', { server: plain, env: (world) => ({ HTTP_PROXY: http(world) }) }),
  way('http_proxy', { server: plain, env: (world) => ({ http_proxy: http(world) }) }),
  way('HTTPS_PROXY for a loopback server', {
    server: 'https://localhost:1',
    env: (world) => ({ HTTPS_PROXY: http(world) }),
  }),
  ...[
    ['api.test', 'https://api.test:6443'],
    ['.test', 'https://api.test:6443'],
    ['test', 'https://api.test:6443'],
    ['*.test', 'https://api.test:6443'],
    ['pi.test', 'https://api.test:6443'],
    ['API.TEST', 'https://api.test:6443'],
    ['api.test:6443', 'https://api.test:6443'],
    ['api.test:443', 'https://api.test:6443'],
    ['other, api.test ', 'https://api.test:6443'],
    ['*', 'https://api.test:6443'],
    ['', 'https://api.test:6443'],
    ['10.0.0.0/8', 'https://10.1.2.3:1'],
    ['10.1.2.3', 'https://10.1.2.4:6443'],
    ['.api.test', 'https://api.test:6443'],
  ].map(([noProxy = '', server = '']) =>
    way(`NO_PROXY=${noProxy} for ${server}`, {
      server,
      env: (world) => ({ HTTPS_PROXY: http(world), NO_PROXY: noProxy }),
    }),
  ),
];
