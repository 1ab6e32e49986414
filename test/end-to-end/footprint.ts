/** What a leader-run takes of its machine, and what it says, line by line. */
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Footprint {
  readonly descriptors: number;
  readonly children: number;
  readonly threads: number;
  readonly rssKb: number;
}

export function footprintOf({ pid = 0 }: { readonly pid?: number | undefined }): Footprint {
  const proc = `/proc/${pid}`;
  const status = readFileSync(`${proc}/status`, 'utf8');
  const numberOf = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const children = readFileSync(`${proc}/task/${pid}/children`, 'utf8').trim().split(' ');
  return {
    descriptors: readdirSync(`${proc}/fd`).length,
    children: children.length,
    threads: numberOf('Threads'),
    rssKb: numberOf('VmRSS'),
  };
}

/** Resolves to the next line with this text, counted from the last one that was asked for. */
export function follow(stream: NodeJS.ReadableStream): (text: string) => Promise<string> {
  const lines: string[] = [];
  let wake: () => void = () => undefined;
  createInterface(stream).on('line', (line) => {
    lines.push(line);
    wake();
  });
  return async (text) => {
    for (;;) {
      const found = lines.findIndex((line) => line.includes(text));
      if (found >= 0) return lines.splice(0, found + 1).at(-1) ?? '';
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
}
