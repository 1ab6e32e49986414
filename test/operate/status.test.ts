import { expect, test } from 'vitest';
import type { Failure } from '../../src/election/lease.ts';
import type { JsonObject } from '../../src/json.ts';
import type { StatusRequest } from '../../src/operate/status.ts';
import { held, lease, run, status } from './status-rig.ts';

test('a lease that is held: ages by the clock of the server, exit status 0', async () => {
  const { code, lines, asked } = await status([lease('x', held)]);
  expect(lines).toEqual([
    'LOCK    HOLDER       SINCE  RENEWED  EXPIRES  TRANSITIONS',
    'prod/x  web-7d_90ab  3h     1s       in 13s   3',
    '',
  ]);
  expect(code).toBe(0);
  expect(asked).toEqual(['GET /apis/coordination.k8s.io/v1/namespaces/prod/leases/x']);
});

test('wide: the Pod, its label and the term, where leader-run wrote them', async () => {
  const { lines } = await status(
    [
      lease('x', held, {
        'leader-run/term': 'web-7d_90ab@2026-01-01T09:00:00.000000Z',
        'leader-run/pod': '{"namespace":"prod","name":"web-7d","label":"role=leader"}',
      }),
    ],
    { output: 'wide' },
  );
  expect(lines[1]).toMatch(/ 15s +web-7d +role=leader +- +web-7d_90ab@2026/);
});

test('wide: a key looks like nothing but a key', async () => {
  const runs = [run('a 60m, "b"', '2026-01-01T11:00:00.000000Z')];
  const leases = [lease('x', held, { 'leader-run/runs': JSON.stringify(runs) })];
  const { lines } = await status(leases, { output: 'wide' });
  expect(lines[1]).toContain(String.raw`  "a 60m, \"b\"" 60m  `);
});

test('wide: the last runs of --once and --once-per, newest first', async () => {
  const runs = [
    run('2026-01-01', '2026-01-01T11:00:00.000000Z', null),
    run('', '2026-01-01T09:00:00.000000Z'),
    run('2025-12-31', '2025-12-31T09:00:00.000000Z'),
    run('2025-12-30', '2025-12-30T09:00:00.000000Z'),
  ];
  const leases = [lease('x', held, { 'leader-run/runs': JSON.stringify(runs) })];
  const { lines } = await status(leases, { output: 'wide' });
  expect(lines[0]).toMatch(/ {2}LAST RUNS /);
  expect(lines[1]).toMatch(/ {2}"2026-01-01" 60m \(end unknown\), 3h, "2025-12-31" 27h, … {2}/);
  const { text } = await status(leases, { output: 'json' });
  expect(JSON.parse(text)).toMatchObject({ runs });
});

test('wide: runs that cannot be read are said to be so', async () => {
  const leases = [lease('x', held, { 'leader-run/runs': 'rubbish' })];
  expect((await status(leases, { output: 'wide' })).lines[1]).toContain('(unreadable)');
  const { text } = await status(leases, { output: 'json' });
  expect(JSON.parse(text)).toMatchObject({ runs: null });
});

test.each<[string, JsonObject, number, RegExp]>([
  ['expired', { ...held, renewTime: '2026-01-01T11:00:00.000000Z' }, 1, / 60m +59m ago /],
  ['released', { ...held, holderIdentity: '' }, 1, /^prod\/x {2}- {7}- +1s +- +3$/],
  ['without a duration', { ...held, leaseDurationSeconds: null }, 1, / 1s +- /],
  ['without a time', { holderIdentity: 'me' }, 1, /^prod\/x {2}me +- +- +- +-$/],
  [
    'with rubbish in it',
    { ...held, leaseTransitions: 'x', acquireTime: 7 },
    0,
    / - +1s +in 13s +-$/,
  ],
  ['with a year beyond all calendars', { ...held, leaseDurationSeconds: 1e15 }, 0, /in \d+d/],
  [
    'with characters that steer terminals',
    { ...held, holderIdentity: 'a\u001b[2Jb' },
    0,
    /a\?\[2Jb/,
  ],
  ['empty', {}, 1, /- +- +- +- +-$/],
])('a lease %s', async (_, spec, expected, line) => {
  const { code, lines } = await status([lease('x', spec)]);
  expect(lines[1]).toMatch(line);
  expect(code).toBe(expected);
});

test('a lease that is not there: said in its row, exit status 1', async () => {
  const { code, lines } = await status(['not-found']);
  expect(lines[1]).toMatch(/^prod\/x +\(no such lease\) +- +- +- +-$/);
  expect(code).toBe(1);
});

test('forbidden: what to grant, exit status 125', async () => {
  const forbidden: Failure = { reason: 'forbidden', message: 'no' };
  expect(await status([forbidden])).toMatchObject({
    code: 125,
    text: '',
    warnings: ['Cannot read lease "prod/x": forbidden: grant get on leases.coordination.k8s.io'],
  });
  expect(await status([forbidden], { lockName: null, namespace: null })).toMatchObject({
    code: 125,
    warnings: [
      'Cannot list leases in all namespaces: forbidden: grant list on leases.coordination.k8s.io',
    ],
  });
});

test('all leases: page by page, exit status 0 if one is led', async () => {
  const { code, lines, asked } = await status(
    [
      { metadata: { continue: 'next' }, items: [lease('a', {})] },
      { metadata: {}, items: [lease('b', held)] },
    ],
    { lockName: null },
  );
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['LOCK', 'prod/a', 'prod/b', '']);
  expect(code).toBe(0);
  expect(asked[1]).toBe(
    'GET /apis/coordination.k8s.io/v1/namespaces/prod/leases?limit=500&continue=next',
  );
});

test('json: one object for one lease, a list for all', async () => {
  const one = await status([lease('x', held)], { output: 'json' });
  expect(JSON.parse(one.text)).toEqual({
    lock: 'prod/x',
    exists: true,
    leads: true,
    holder: 'web-7d_90ab',
    acquireTime: '2026-01-01T09:00:00.000000Z',
    renewTime: '2026-01-01T11:59:58.500000Z',
    expireTime: '2026-01-01T12:00:13.500Z',
    leaseDurationSeconds: 15,
    leaseTransitions: 3,
    term: null,
    pod: null,
    podLabel: null,
    runs: [],
    resourceVersion: null,
  });
  const all = await status([{ items: [lease('x', held)] }], { output: 'json', lockName: null });
  expect(JSON.parse(all.text)).toHaveLength(1);
});

test('colours only where they are asked for', async () => {
  const plain = await status([lease('x', held)]);
  const coloured = await status([lease('x', held)], {}, { hasColour: true });
  expect(plain.text).not.toContain('\u001b');
  expect(coloured.lines[1]).toMatch(/^\u001b\[32mprod\/x.*\u001b\[0m$/);
});

test('watching in a terminal: each table is drawn over the one before, cut to the screen', async () => {
  const drawn: string[] = [];
  await status(
    [lease('x', held)],
    { isWatching: true },
    {
      terminal: () => ({ columns: 20, rows: 10 }),
      print: (text) => drawn.push(text) < 2,
    },
  );
  expect(drawn[0]).toBe('LOCK    HOLDER      \nprod/x  web-7d_90ab \n');
  expect(drawn[1]).toBe(`\u001b[2A\u001b[J${drawn[0] ?? ''}`);
});

test('watching elsewhere: printed again when the holder changes, not when it renews', async () => {
  const printed: string[] = [];
  const renewed = { ...held, renewTime: '2026-01-01T12:00:00.500000Z' };
  const other = { ...held, holderIdentity: 'other' };
  const { asked } = await status(
    [held, renewed, other].map((spec) => lease('x', spec)),
    { isWatching: true, output: 'json' },
    { print: (text) => printed.push(text) < 2 },
  );
  expect(asked).toHaveLength(3);
  expect(printed.map((text) => (JSON.parse(text) as { holder: string }).holder)).toEqual([
    'web-7d_90ab',
    'other',
  ]);
});

test('watching in a terminal: what was said meanwhile stays, and the next table follows it', async () => {
  const drawn: string[] = [];
  const { warnings } = await status(
    [lease('x', held), { reason: 'timeout', afterMs: 10_000 }, lease('x', held)],
    { isWatching: true },
    { terminal: () => ({ columns: 20, rows: 10 }), print: (text) => drawn.push(text) < 2 },
  );
  expect(warnings).toHaveLength(1);
  expect(drawn[1]).toBe(drawn[0]);
});

test('where there is no Lease, that is said, on stderr', async () => {
  const none = { items: [] };
  const of = (request: Partial<StatusRequest>) => status([none], { lockName: null, ...request });
  expect((await of({})).warnings).toEqual(['No Leases in namespace "prod"']);
  const everywhere = await of({ namespace: null, output: 'json' });
  expect([everywhere.warnings, everywhere.text]).toEqual([['No Leases in any namespace'], '[]\n']);
});
