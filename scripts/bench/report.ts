/** The results as Markdown tables, which read well in a terminal too. */
import type { CrowdHandOver, CrowdIdle } from './crowd.ts';
import type { Goal } from './goals.ts';
import type { Parts } from './hand-over.ts';
import type { Idle } from './idle.ts';
import type { Operated } from './operated.ts';
import type { Results } from './results.ts';
import { medianOf, summarise } from './statistics.ts';

type Row = readonly string[];

/** All tables. */
export function renderTables(results: Results, goals: readonly Goal[]): string {
  const tables: [string, Row[]][] = [
    ['Side by side', sideBySide(results)],
    ['Where a hand-over spends its time (p50, ms)', partRows(results)],
    ['Idle: leader, standby', idleRows(results)],
    ['Among many standbys', crowdRows(results)],
    ['What a crowd costs while nothing happens', crowdIdleRows(results)],
    ['A command that needs 3 s to start', slowStartRows(results)],
    ["The API server's return after an outage → command", outageRows(results)],
    ['With `--http`, and by transfer', operatedRows(results.operated)],
    ['Goals', goalRows(goals)],
  ];
  return tablesOf(tables);
}

/** Those of `bench:crowd`. */
export function renderCrowds(results: Pick<Results, 'crowds'>, goals: readonly Goal[]): string {
  return tablesOf([
    ['Among many standbys', crowdRows(results)],
    ['What a crowd costs while nothing happens', crowdIdleRows(results)],
    ['Goals', goalRows(goals)],
  ]);
}

/** Those of `bench:operated`. */
export function renderOperated(operated: Operated, goals: readonly Goal[]): string {
  return tablesOf([
    ['With `--http`, and by transfer', operatedRows(operated)],
    ['Goals', goalRows(goals)],
  ]);
}

function tablesOf(tables: readonly (readonly [string, Row[]])[]): string {
  return tables.map(([title, rows]) => `\n### ${title}\n\n${table(rows)}\n`).join('');
}

function sideBySide({ startUps, handOvers, aged, crashes, blackHoles, forced }: Results): Row[] {
  const { programs, node } = startUps;
  const { took } = handOvers;
  const overshoot = (name: 'leader-run' | 'wrapper') =>
    inMs(crashes[name].map(({ overshootMs }) => overshootMs));
  const orphan = (name: 'leader-run' | 'wrapper') => {
    const dead = crashes[name].flatMap(({ commandDeadAfterMs }) => commandDeadAfterMs ?? []);
    return dead.length < crashes[name].length ? 'runs on' : `killed: ${inMs(dead)}`;
  };
  const told = (name: 'leader-run' | 'wrapper') =>
    inMs(blackHoles[name].map(({ toldAfterMs }) => toldAfterMs));
  const overlap = (name: 'leader-run' | 'wrapper') => {
    const longest = Math.max(...blackHoles[name].map(({ overlapMs }) => overlapMs));
    return longest > 0 ? ms(longest) : 'none';
  };
  return [
    [
      'p50 / p99 (n)',
      'leader-run',
      'client-go wrapper',
      "client-go's example",
      'etcdctl lock',
      'raw floor',
      'node -e 0',
    ],
    [
      'start → command',
      ...[programs['leader-run'], programs.wrapper, programs.example, programs.etcdctl].map(inMs),
      ...['', inMs(node)],
    ],
    [
      'hand-over',
      ...[took['leader-run'], took.wrapper, took.example, took.etcdctl, took.floor].map(inMs),
      '',
    ],
    ['hand-over, standby idle for 100 s', inMs(aged), '', '', '', '', ''],
    [
      'take-over beyond L, after SIGKILL',
      overshoot('leader-run'),
      overshoot('wrapper'),
      '',
      '',
      '',
      '',
    ],
    [
      'command after SIGKILL of the wrapper',
      orphan('leader-run'),
      orphan('wrapper'),
      'has none',
      '',
      '',
      '',
    ],
    ['network silent: command told', told('leader-run'), told('wrapper'), '', '', '', ''],
    [
      'network silent: two commands at once',
      overlap('leader-run'),
      overlap('wrapper'),
      '',
      '',
      '',
      '',
    ],
    [
      'holder edited: command told',
      inMs(forced['leader-run']),
      inMs(forced.wrapper),
      '',
      '',
      '',
      '',
    ],
  ];
}

const partNames = ['forwarding', 'leaving', 'release', 'arriving', 'acquire', 'starting'] as const;

function partRows({ handOvers: { parts } }: Results): Row[] {
  const ofAll = (all: readonly Parts[]) =>
    partNames.map((name) => {
      const summary = summarise(all.flatMap((one) => one[name] ?? []));
      return summary === null ? '' : `${summary.p50.toFixed(1)} / ${summary.p99.toFixed(1)}`;
    });
  return [
    [
      'p50 / p99',
      'SIGTERM → command told',
      '→ release received',
      '→ answered',
      '→ acquiring PUT received',
      '→ answered',
      '→ command starts',
    ],
    ['leader-run', ...ofAll(parts['leader-run'])],
    ['raw floor', ...ofAll(parts.floor)],
  ];
}

function idleRows({ idle }: Results): Row[] {
  const both = (
    of: (idle: Idle) => string,
    { leader, standby }: Record<'leader' | 'standby', Idle>,
  ) => `${of(leader)}, ${of(standby)}`;
  const row = (title: string, pair: Record<'leader' | 'standby', Idle>) => [
    title,
    both(({ requestsPerMinute }) => requestsPerMinute?.toFixed(1) ?? '–', pair),
    both(({ rssMb }) => rssMb.toFixed(1), pair),
    both(({ pssMb }) => pssMb.toFixed(1), pair),
    both(({ cpuMsPerMinute }) => cpuMsPerMinute.toFixed(0), pair),
  ];
  const { node } = idle;
  return [
    ['', 'requests per minute', 'RSS, MB', 'PSS, MB', 'CPU, ms per minute'],
    row('leader-run, guard included', idle['leader-run']),
    row('client-go wrapper', idle.wrapper),
    row("client-go's example", idle.example),
    row('etcdctl lock', idle.etcdctl),
    ['node', '', node.rssMb.toFixed(1), node.pssMb.toFixed(1), node.cpuMsPerMinute.toFixed(0)],
  ];
}

function crowdRows({ crowds: { one, many, standbys } }: Pick<Results, 'crowds'>): Row[] {
  const row = (title: string, handOvers: readonly CrowdHandOver[]) => {
    const writes = handOvers.map((each) => each.writes);
    const first = handOvers[0] === undefined ? '' : ms(handOvers[0].ms);
    return [
      title,
      inMs(handOvers.map((each) => each.ms)),
      first,
      `${medianOf(writes)} (at most ${Math.max(...writes)})`,
    ];
  };
  return [
    ['standbys', 'hand-over', 'the first one', 'writes per hand-over'],
    row('1', one),
    row(`${standbys}`, many),
  ];
}

function crowdIdleRows({ crowds: { idle, standbys } }: Pick<Results, 'crowds'>): Row[] {
  const row = (title: string, { requests, kilobytes, apiserverCpuMs }: CrowdIdle) => [
    title,
    requests.toFixed(0),
    kilobytes.toFixed(0),
    apiserverCpuMs.toFixed(0),
  ];
  return [
    [
      `a leader and ${standbys} standbys, per minute`,
      'requests',
      'kB',
      'CPU of the API server, ms',
    ],
    row('leader-run', idle['leader-run']),
    row('client-go wrapper', idle.wrapper),
  ];
}

function slowStartRows({ slowStarts: { cold, warm } }: Results): Row[] {
  return [
    ['', 'hand-over'],
    ['started when it leads', inMs(cold)],
    ['with --warm', inMs(warm)],
    ['ratio of the medians', `${(medianOf(cold) / medianOf(warm)).toFixed(0)} ×`],
  ];
}

function outageRows({ outages: { rejoin, restart } }: Results): Row[] {
  const row = (title: string, values: readonly number[]) => [title, ...values.map(ms)];
  return [
    ['', ...rejoin.map((_, index) => `outage ${index + 1}`)],
    row('--on-lost rejoin', rejoin),
    row('restarted as by a kubelet', restart),
  ];
}

function operatedRows({ startUps, handOvers, transfers, rssMb }: Operated): Row[] {
  const mb = (values: readonly number[]) => `${medianOf(values).toFixed(1)} MB (${values.length})`;
  return [
    ['p50 / p99 (n)', 'without', '--http', 'probed and scraped'],
    ['start → command', inMs(startUps.plain), inMs(startUps.http), ''],
    ['hand-over, SIGTERM', inMs(handOvers.plain), inMs(handOvers.http), ''],
    ['hand-over, from the request of a transfer', inMs(transfers.fromRequest), '', ''],
    ['hand-over, from the start of leader-run transfer', inMs(transfers.fromStart), '', ''],
    ['RSS of a leader, guard included', ...[rssMb.plain, rssMb.http, rssMb.scraped].map(mb)],
  ];
}

function goalRows(goals: readonly Goal[]): Row[] {
  return [
    ['figure', 'goal', 'measured', ''],
    ...goals.map(({ figure, goal, measured, isReached }) => [
      figure,
      goal,
      measured,
      isReached ? 'reached' : 'MISSED',
    ]),
  ];
}

/** p50 / p99 (n) of milliseconds. */
function inMs(values: readonly number[]): string {
  const summary = summarise(values);
  if (summary === null) return '';
  return `${ms(summary.p50)} / ${ms(summary.p99)} (${summary.n})`;
}

function ms(value: number): string {
  if (Math.abs(value) >= 1_000) return `${(value / 1_000).toFixed(1)} s`;
  return `${value.toFixed(1)} ms`;
}

/** A Markdown table whose columns are as wide as what is in them. */
function table(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: Row) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join('\n');
}
