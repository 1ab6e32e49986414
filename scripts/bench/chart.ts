/** The hand-over times as an SVG: bars on a logarithmic scale, p50 filled, up to p99 outlined. */
import type { Results } from './results.ts';
import { summarise } from './statistics.ts';

const width = 760;
const labelWidth = 220;
const valueWidth = 150;
const barHeight = 22;
const rowHeight = 38;
const top = 48;
const ticksMs = [1, 10, 100, 1_000, 10_000];

/** An image that needs nothing else and can be read on light and dark pages. */
export function drawChart({ handOvers: { took } }: Results): string {
  const bars: [string, readonly number[], string][] = [
    ['raw floor', took.floor, '#9aa5b1'],
    ['etcdctl lock, on etcd itself', took.etcdctl, '#9aa5b1'],
    ['leader-run', took['leader-run'], '#2f81f7'],
    ['client-go wrapper', took.wrapper, '#d29922'],
    ["client-go's example (60s/15s/5s)", took.example, '#d29922'],
  ];
  const height = top + bars.length * rowHeight + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="#57606a">`,
    `<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>`,
    '<text x="16" y="26" font-size="15" font-weight="600" fill="#1f2328">SIGTERM of the leader → the next command’s first instruction</text>',
    ...ticksMs.map((ms) => tick(ms, height)),
    ...bars.flatMap(([label, values, colour], row) => bar(label, values, colour, row)),
    `<text x="16" y="${height - 10}" font-size="11">p50 filled, p99 outlined; logarithmic; one run on one kube-apiserver</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function tick(ms: number, height: number): string {
  const x = xOf(ms).toFixed(1);
  const label = ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
  return [
    `<line x1="${x}" y1="${top}" x2="${x}" y2="${height - 28}" stroke="#d0d7de"/>`,
    `<text x="${x}" y="${top - 4}" font-size="11" text-anchor="middle">${label}</text>`,
  ].join('');
}

function bar(label: string, values: readonly number[], colour: string, row: number): string[] {
  const summary = summarise(values);
  if (summary === null) return [];
  const y = top + row * rowHeight + 8;
  const [middle, end] = [xOf(summary.p50), xOf(summary.p99)];
  const text = `${short(summary.p50)} / ${short(summary.p99)} (n = ${summary.n})`;
  const rect = (to: number, style: string) =>
    `<rect x="${labelWidth}" y="${y}" width="${(to - labelWidth).toFixed(1)}" height="${barHeight}" ${style}/>`;
  return [
    `<text x="${labelWidth - 8}" y="${y + 16}" text-anchor="end" fill="#1f2328">${label}</text>`,
    rect(end, `fill="none" stroke="${colour}"`),
    rect(middle, `fill="${colour}"`),
    `<text x="${(end + 6).toFixed(1)}" y="${y + 16}" font-size="11">${text}</text>`,
  ];
}

function xOf(ms: number): number {
  const decades = Math.log10(ticksMs.at(-1) ?? 1);
  const share = Math.max(Math.log10(Math.max(ms, 1)), 0) / decades;
  return labelWidth + share * (width - labelWidth - valueWidth);
}

function short(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
