/** What the demo prints: one line as each thing happens, in colours where stdout is a terminal. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const hasColours = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

/** Each replica keeps its colour, in the lines and in the chart. */
const colours: Readonly<Record<string, Style>> = {
  alpha: 'cyan',
  beta: 'yellow',
  gamma: 'magenta',
};

/** Unix time at which the demo began, ms. */
export const beganAtMs = Date.now();

/** The text in that style, where there are colours. */
export function styled(style: Style, text: string): string {
  return hasColours ? styleText(style, text, { validateStream: false }) : text;
}

/** The text in the colour of a replica. */
export function coloured(replica: string, text: string): string {
  return styled(colours[replica] ?? 'reset', text);
}

/** A line of its own. */
export function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** What the demo does next. */
export function announce(text: string): void {
  print(`\n${styled('bold', text)}`);
}

/** What a replica does. */
export function tell(replica: string, text: string): void {
  const seconds = ((Date.now() - beganAtMs) / 1_000).toFixed(2).padStart(6);
  print(`${styled('dim', `${seconds}s`)}  ${coloured(replica, replica.padEnd(6))} ${text}`);
}

/** A duration as a person likes it: 12 ms, 6.03 s. */
export function inWords(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}
