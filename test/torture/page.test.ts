/** The page of a run, as a browser shows it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { check } from './check.ts';
import type { History } from './history.ts';
import { drawPage } from './page.ts';

const browser = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

const process = { lock: 'ns/work', key: '-', isMain: true, termMs: null, end: null };
const write = { user: 'a', lock: 'ns/work', maybe: false, leaseMs: 6_000, runs: [] };
const history: History = {
  processes: [
    { ...process, token: 1, identity: 'a.1', startMs: 0, aliveMs: 5_000, deadMs: 5_002 },
    { ...process, token: 2, identity: '<b>.1', startMs: 4_000, aliveMs: 9_000, deadMs: 9_001 },
    { ...process, token: 3, identity: 'a.2', startMs: 9_020, aliveMs: 12_000, deadMs: 12_001 },
  ],
  writes: [
    { ...write, atMs: 0, holder: 'a.1', version: 1 },
    { ...write, atMs: 2_000, holder: 'a.1', version: 2 },
    { ...write, atMs: 3_900, holder: '', version: 3 },
    { ...write, atMs: 3_950, holder: '<b>.1', version: 4 },
  ],
  labels: [],
  faults: [{ kind: 'kill', target: 'a', fromMs: 4_900, toMs: 4_900 }],
  gaps: [],
  left: [],
  renewFraction: 0.5,
};
const page = drawPage(history, check(history), 'ns/work', 'a test');

test('It needs nothing from elsewhere', () => {
  expect(page).not.toMatch(/<script|<link|\bsrc=|\bhref=|@import|url\(/);
});

test('It shows terms, faults, hand-overs and what is broken', () => {
  expect(page.match(/class="term"/g)).toHaveLength(3);
  expect(page.match(/class="fault"/g)).toHaveLength(1);
  expect(page.match(/class="hold"/g)).toHaveLength(2);
  expect(page).toContain('<title>a.1, 3900 ms</title>');
  expect(page).toContain(
    'one at a time, at 4.000 s: term 2 of &lt;b>.1 began 1000 ms before the end',
  );
  expect(page).toContain('1: p50 20 ms, p99 20 ms, longest 20 ms');
});

test.skipIf(browser === undefined)('A browser draws it', { timeout: 60_000 }, () => {
  const folder = temporaryFolder();
  const [file, picture] = [join(folder, 'page.html'), join(folder, 'page.png')];
  // Measured by the browser itself, after it has drawn: what the picture must show.
  const measure =
    "const box = (name) => { const { width, height } = document.querySelector(name).getBoundingClientRect(); return [width > 1, height > 1]; }; document.title = JSON.stringify(['#timeline', '.term', '.fault rect', '.histogram svg', 'table'].map(box).flat());";
  writeFileSync(file, `${page}<script>${measure}</script>`);
  const run = (...words: readonly string[]) =>
    execFileSync(
      browser ?? '',
      [...flags, `--user-data-dir=${join(folder, 'profile')}`, ...words, `file://${file}`],
      { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' },
    );
  const title = /<title>(.*?)<\/title>/.exec(run('--dump-dom'))?.[1];
  expect(JSON.parse(title ?? '[]')).toEqual(new Array(10).fill(true));
  run('--window-size=1100,900', `--screenshot=${picture}`);
  expect(readFileSync(picture).subarray(1, 4).toString()).toBe('PNG');
});
