import { expect, test } from 'vitest';
import { proxyFromEnvironment } from '../../src/lease/proxy-environment.ts';

const proxy = 'http://proxy:3128';

test.for([
  ['https://api:6443', { HTTPS_PROXY: proxy }, proxy],
  ['https://api:6443', { https_proxy: proxy }, proxy],
  ['https://api:6443', { HTTPS_PROXY: proxy, https_proxy: 'http://other' }, proxy],
  ['https://api:6443', { HTTP_PROXY: proxy }, null],
  ['http://api:8080', { HTTP_PROXY: proxy }, proxy],
  ['http://api:8080', { HTTPS_PROXY: proxy }, null],
  ['https://api', { HTTPS_PROXY: 'proxy:3128' }, proxy],
  ['https://api', { HTTPS_PROXY: 'socks5://proxy:1080' }, 'socks5://proxy:1080'],
  ['https://api', { HTTPS_PROXY: '' }, null],
  ['https://api', {}, null],
] as const)('to %s with %j goes through %s', ([server, env, expected]) => {
  expect(proxyFromEnvironment(new URL(server), env)).toBe(expected);
});

test.for([
  'https://localhost:6443',
  'https://127.0.0.1',
  'https://127.8.8.8',
  'https://[::1]:6443',
])('%s never goes through a proxy, as in Go', (server) => {
  expect(proxyFromEnvironment(new URL(server), { HTTPS_PROXY: proxy })).toBe(null);
});

test.for([
  ['*', 'https://api.example.com', true],
  ['example.com', 'https://example.com', true],
  ['example.com', 'https://api.example.com', true],
  ['example.com', 'https://badexample.com', false],
  ['EXAMPLE.com', 'https://api.Example.com', true],
  ['.example.com', 'https://api.example.com', true],
  ['.example.com', 'https://example.com', false],
  ['*.example.com', 'https://api.example.com', true],
  ['other.com, example.com ,', 'https://api.example.com', true],
  ['example.com:6443', 'https://example.com:6443', true],
  ['example.com:6443', 'https://example.com', false],
  ['example.com:443', 'https://example.com', true],
  ['10.0.0.1', 'https://10.0.0.1', true],
  ['10.0.0.1', 'https://10.0.0.11', false],
  ['10.0.0.1:6443', 'https://10.0.0.1:6443', true],
  ['10.0.0.1:6443', 'https://10.0.0.1:7443', false],
  ['10.0.0.0/8', 'https://10.200.3.4:6443', true],
  ['10.0.0.0/8', 'https://11.0.0.1', false],
  ['10.0.0.0/99', 'https://10.0.0.1', false],
  ['10.0.0.0/8', 'https://ten.example.com', false],
  ['fd00::/8', 'https://[fd00::5]:6443', true],
  ['fd00::5', 'https://[fd00::5]:6443', true],
  ['[fd00::5]', 'https://[fd00::5]:6443', true],
  ['[fd00::5]:6443', 'https://[fd00::5]:6443', true],
  ['[fd00::5]:7443', 'https://[fd00::5]:6443', false],
  ['', 'https://example.com', false],
] as const)('NO_PROXY %j exempts %s: %s', ([noProxy, server, isExempt]) => {
  const env = { HTTPS_PROXY: proxy, NO_PROXY: noProxy };
  expect(proxyFromEnvironment(new URL(server), env)).toBe(isExempt ? null : proxy);
});
