/** One hand-over as an SVG: two replicas, a bar for each term, and a line for each thing that happens. */

/** Milliseconds since the leader was asked to stop. */
export interface HandOver {
  readonly signalMs: number;
  readonly goneMs: number;
  readonly releasedMs: number;
  readonly startMs: number;
}

const width = 760;
const left = 110;
const right = 730;
const top = 64;
const barHeight = 30;
const rowHeight = 48;
const labelsTop = top + 2 * rowHeight + 18;
const labelHeight = 20;
const height = labelsTop + 5 * labelHeight + 30;
/** What is shown before the request to stop and after the next start. */
const marginShare = 0.18;

const colours = { alpha: '#2f81f7', beta: '#1a7f37', line: '#57606a', text: '#1f2328' };

/** An image that needs nothing else and can be read on light and dark pages. */
export function drawHandOver(
  { signalMs, goneMs, releasedMs, startMs }: HandOver,
  rounds: number,
): string {
  const marginMs = startMs * marginShare;
  const scale = (right - left) / (startMs + 2 * marginMs);
  const xOf = (ms: number): number => left + (ms + marginMs) * scale;
  const marks: [number, string][] = [
    [0, 'SIGTERM to leader-run'],
    [signalMs, 'stop signal reaches the command'],
    [goneMs, 'last process of its tree is gone'],
    [releasedMs, 'lease released'],
    [startMs, 'next command starts'],
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="${colours.text}">`,
    `<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>`,
    '<text x="16" y="28" font-size="15" font-weight="600">One hand-over, as measured</text>',
    ...row('alpha', 0, left, xOf(goneMs), colours.alpha),
    ...row('beta', 1, xOf(startMs), right, colours.beta),
    `<text x="${left + 8}" y="${top + rowHeight + 20}" fill="${colours.line}" paint-order="stroke" stroke="#ffffff" stroke-width="5">waits, and watches the Lease</text>`,
    ...marks.map(([ms], index) => line(xOf(ms), index)),
    ...marks.map(([ms, text], index) => label(xOf(ms), ms, text, index)),
    `<text x="16" y="${height - 10}" font-size="11" fill="${colours.line}">The median of ${rounds} runs of npm run picture. The command is a Node.js program that leaves a process behind.</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function row(name: string, index: number, from: number, to: number, colour: string): string[] {
  const y = top + index * rowHeight;
  return [
    `<text x="16" y="${y + 20}" font-weight="600">${name}</text>`,
    `<line x1="${left}" y1="${y + barHeight / 2}" x2="${right}" y2="${y + barHeight / 2}" stroke="#d0d7de" stroke-dasharray="2 4"/>`,
    `<rect x="${from.toFixed(1)}" y="${y}" width="${(to - from).toFixed(1)}" height="${barHeight}" rx="3" fill="${colour}"/>`,
  ];
}

function line(x: number, index: number): string {
  const at = x.toFixed(1);
  return `<line x1="${at}" y1="${top - 12}" x2="${at}" y2="${yOf(index)}" stroke="${colours.line}"/>`;
}

/** With a white rim, because the lines of other labels cross it. */
function label(x: number, ms: number, what: string, index: number): string {
  const isRight = x > (left + right) / 2;
  const text = `<tspan font-weight="600">${ms.toFixed(0)} ms</tspan> ${what}`;
  const at = (isRight ? x - 6 : x + 6).toFixed(1);
  const rim = 'paint-order="stroke" stroke="#ffffff" stroke-width="5"';
  return `<text x="${at}" y="${yOf(index)}" ${rim}${isRight ? ' text-anchor="end"' : ''}>${text}</text>`;
}

/** Labels go below one another, because several things happen within a millisecond. */
function yOf(index: number): number {
  return labelsTop + index * labelHeight + 4;
}
