/** Draws a run as one page that needs nothing else: who led when, what was done to whom, and how long hand-overs took. */
import type { Finding, Verdict } from './verdict.ts';
import {
  candidateOf,
  termsOf,
  type Fault,
  type History,
  type Term,
  type Write,
} from './history.ts';
import { percentile, readable, summarise } from './summary.ts';

const pixelsPerSecond = 12;
const rowHeight = 46;
const labelWidth = 70;
const axisHeight = 24;

/** Colours by what a fault is done to. */
const colours: readonly (readonly [RegExp, string, string])[] = [
  [/^(kill|stop|term|suspend)/, '#d1495b', 'processes'],
  [/^(freeze|late|slow|half|cut|twice)/, '#edae49', 'network'],
  [/^(api|etcd|compact|restore)/, '#5d5d81', 'servers'],
  [/^(label|edit|empty|delete|transfer)$/, '#00798c', 'Lease'],
  [/^(rights|jump|drift)$/, '#8d6a9f', 'rights and clocks'],
];

export function drawPage(history: History, verdict: Verdict, work: string, title: string): string {
  const { terms, handOvers, violations } = summarise(history, verdict, work);
  const released = handOvers.filter(({ isReleased }) => isReleased).map(({ ms }) => ms);
  const expired = handOvers.filter(({ isReleased }) => !isReleased).map(({ ms }) => ms);
  const state = violations.length === 0 ? 'no violation' : `${violations.length} violations`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Torture: ${escape(title)}</title>
<style>${style}</style>
<h1>Torture: ${escape(title)}</h1>
<p class="${violations.length === 0 ? 'good' : 'bad'}" id="verdict">${terms.length} terms, ${history.faults.length} faults, ${state}; ${verdict.undecided} undecided</p>
${violations.map(drawFinding).join('\n')}
<p>${legend()}</p>
<div class="scroll">${drawTimeline(history, verdict, work)}</div>
<div class="pair">
${drawHistogram('Hand-overs by a release', released)}
${drawHistogram('Take-overs after an expiry', expired)}
</div>
<table><tr><th>Rule</th><th>Applied</th><th>Broken</th><th>Excused</th></tr>
${Object.entries(verdict.judged)
  .map(([rule, count]) => drawRule(rule, count, verdict.findings))
  .join('\n')}
</table>
</html>
`;
}

const style = `
body { font: 14px/1.45 system-ui, sans-serif; margin: 24px; color: #222; background: #fff }
h1 { font-size: 20px; margin: 0 0 4px } h2 { font-size: 15px; margin: 0 0 6px }
.good { color: #2a7f3f; font-weight: 600 } .bad { color: #b3202a; font-weight: 600 }
.scroll { overflow-x: auto; border: 1px solid #ddd; margin-bottom: 20px }
.pair { display: flex; gap: 40px; flex-wrap: wrap; margin-bottom: 20px }
.key { display: inline-block; width: 12px; height: 12px; margin: 0 4px 0 14px; vertical-align: -1px }
table { border-collapse: collapse } td, th { padding: 3px 14px 3px 0; text-align: left } td + td { text-align: right }
svg text { font: 11px system-ui, sans-serif; fill: #333 }
`;

function legend(): string {
  const all = [
    ['#2a7f3f', 'command runs'],
    ['#9bc53d', 'job runs'],
    ['#444', 'holds the Lease'],
    ...colours.map(([, colour, name]) => [colour, name]),
  ];
  return all
    .map(([colour, name]) => `<span class="key" style="background:${colour}"></span>${name}`)
    .join('');
}

function drawFinding({ rule, atMs, text }: Finding): string {
  return `<p class="bad">${escape(`${rule}, at ${(atMs / 1000).toFixed(3)} s: ${readable(text)}`)}</p>`;
}

function drawRule(rule: string, count: number, findings: readonly Finding[]): string {
  const own = findings.filter((finding) => finding.rule === rule);
  const broken = own.filter(({ excuse }) => excuse === null).length;
  return `<tr><td>${escape(rule)}</td><td>${count}</td><td>${broken}</td><td>${own.length - broken}</td></tr>`;
}

function drawTimeline(history: History, verdict: Verdict, lock: string): string {
  const terms = termsOf(history.processes);
  const { faults } = history;
  const instants = [...terms.map(({ startMs }) => startMs), ...faults.map(({ fromMs }) => fromMs)];
  const ends = [...terms.map(({ aliveMs }) => aliveMs), ...faults.map(({ toMs }) => toMs)];
  if (instants.length === 0) return '<p>Nothing happened.</p>';
  const beginMs = Math.min(...instants);
  const x = (ms: number) => labelWidth + ((ms - beginMs) / 1000) * pixelsPerSecond;
  const width = x(Math.max(...ends)) + 60;
  const names = [...new Set(terms.map(({ candidate }) => candidate))].sort();
  const rows = ['servers', 'Lease', ...names];
  const rowOf = (name: string) => (name === lock ? 1 : Math.max(0, rows.indexOf(name)));
  const holds = holdsOf(history.writes.filter((write) => write.lock === lock && !write.maybe));
  const height = axisHeight + rows.length * rowHeight;
  const marks = verdict.findings.filter(({ atMs, excuse }) => excuse === null && atMs < Infinity);
  return `<svg id="timeline" width="${Math.ceil(width)}" height="${height}" role="img">
${drawAxis(beginMs, Math.max(...ends), x, height)}
${rows.map((name, row) => `<text x="6" y="${axisHeight + row * rowHeight + 26}">${escape(name)}</text>`).join('\n')}
${drawFaults(faults, x, rowOf)}
${holds.map((hold) => drawHold(hold, x)).join('\n')}
${terms.map((term) => drawTerm(term, x, rowOf(term.candidate))).join('\n')}
${marks.map(({ atMs, text }) => `<line x1="${x(atMs)}" x2="${x(atMs)}" y1="0" y2="${height}" stroke="#b3202a" stroke-width="2"><title>${escape(text)}</title></line>`).join('\n')}
</svg>`;
}

function drawAxis(fromMs: number, toMs: number, x: (ms: number) => number, height: number): string {
  const count = Math.ceil((toMs - fromMs) / 10_000);
  return Array.from({ length: count + 1 }, (_, index) => {
    const at = x(fromMs + index * 10_000).toFixed(1);
    return `<line x1="${at}" x2="${at}" y1="16" y2="${height}" stroke="#eee"/><text x="${at}" y="12">${index * 10} s</text>`;
  }).join('\n');
}

/** Bands as tall as their row. The name of each is left out where another one stands: the tooltip has it. */
function drawFaults(
  faults: readonly Fault[],
  x: (ms: number) => number,
  rowOf: (name: string) => number,
): string {
  const namedUntil = new Map<number, number>();
  const inOrder = faults.toSorted((a, b) => a.fromMs - b.fromMs);
  const bands = inOrder.map(({ kind, target, fromMs, toMs }) => {
    const row = rowOf(target);
    const [from, y] = [x(fromMs), axisHeight + row * rowHeight];
    const colour = colours.find(([kinds]) => kinds.test(kind))?.[1] ?? '#999';
    const hasRoom = from >= (namedUntil.get(row) ?? 0);
    if (hasRoom) namedUntil.set(row, from + kind.length * 5.2 + 4);
    const name = `<text x="${(from + 3).toFixed(1)}" y="${y + 13}" style="font-size:9px">${escape(kind)}</text>`;
    const tip = escape(`${kind}, ${Math.round(toMs - fromMs)} ms`);
    const width = Math.max(2, x(toMs) - from).toFixed(1);
    return `<g class="fault"><rect x="${from.toFixed(1)}" y="${y + 2}" width="${width}" height="${rowHeight - 4}" fill="${colour}" opacity="0.35"/>${hasRoom ? name : ''}<title>${tip}</title></g>`;
  });
  return bands.join('\n');
}

function drawTerm(term: Term, x: (ms: number) => number, row: number): string {
  const isJob = term.key !== '-';
  const y = axisHeight + row * rowHeight + (isJob ? 32 : 18);
  const width = Math.max(1.5, x(term.aliveMs) - x(term.startMs));
  const text = `${term.name}, ${term.processes.length} processes, ${Math.round(term.aliveMs - term.startMs)} ms`;
  return `<rect class="term" x="${x(term.startMs).toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${isJob ? 7 : 11}" fill="${isJob ? '#9bc53d' : '#2a7f3f'}"><title>${escape(text)}</title></rect>`;
}

interface Hold {
  readonly holder: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Who the Lease said that holds it, until the next one did or nobody. */
function holdsOf(writes: readonly Write[]): Hold[] {
  const changes = writes.filter(({ holder }, index) => holder !== writes[index - 1]?.holder);
  return changes.flatMap(({ holder, atMs }, index) => {
    const toMs = changes[index + 1]?.atMs ?? writes.at(-1)?.atMs ?? atMs;
    return holder === null || holder === '' ? [] : [{ holder, fromMs: atMs, toMs }];
  });
}

function drawHold({ holder, fromMs, toMs }: Hold, x: (ms: number) => number): string {
  const [from, y] = [x(fromMs), axisHeight + rowHeight + 18];
  const width = Math.max(1.5, x(toMs) - from);
  const name = candidateOf(holder);
  const hasRoom = width > name.length * 6 + 4;
  const text = `<text x="${(from + 3).toFixed(1)}" y="${y + 9}" style="font-size:9px;fill:#fff">${escape(name)}</text>`;
  return `<g class="hold"><rect x="${from.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="11" fill="#444" stroke="#fff" stroke-width="0.5"/>${hasRoom ? text : ''}<title>${escape(`${holder}, ${Math.round(toMs - fromMs)} ms`)}</title></g>`;
}

/** By powers of two, from 1 ms. */
function drawHistogram(title: string, values: readonly number[]): string {
  const bins = new Array<number>(16).fill(0);
  for (const value of values) {
    const bin = Math.min(15, Math.max(0, Math.ceil(Math.log2(Math.max(1, value)))));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  const most = Math.max(1, ...bins);
  const bars = bins.map((count, bin) => {
    const height = (count / most) * 120;
    const x = bin * 28;
    const label = 2 ** bin >= 1_000 ? `${Math.round(2 ** bin / 1_000)}s` : String(2 ** bin);
    return `<rect x="${x}" y="${(134 - height).toFixed(1)}" width="24" height="${height.toFixed(1)}" fill="#00798c"/><text x="${x + 12}" y="148" text-anchor="middle">${label}</text>${count > 0 ? `<text x="${x + 12}" y="${(130 - height).toFixed(1)}" text-anchor="middle">${count}</text>` : ''}`;
  });
  const at = (share: number) => `${Math.round(percentile(values, share))} ms`;
  const figures =
    values.length === 0
      ? 'none'
      : `${values.length}: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`;
  return `<section class="histogram"><h2>${title}</h2><p>${figures}</p><svg width="450" height="154" role="img">${bars.join('')}</svg><p>at most so many ms</p></section>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
