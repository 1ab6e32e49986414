/**
 * The transcripts of all cases as a real kube-apiserver gave them, in `recorded.txt`: what `npm test` holds the sandbox to.
 *
 * They are recorded by the cluster suite when CONTRACT_RECORD is set, and reviewed as a diff.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('recorded.txt', import.meta.url);
const heading = '## ';

export type Transcripts = ReadonlyMap<string, readonly string[]>;

export function readRecorded(): Transcripts {
  const sections = readFileSync(file, 'utf8').split(`\n${heading}`).slice(1);
  return new Map(
    sections.map((section) => {
      const [name = '', ...lines] = section.trimEnd().split('\n');
      return [name, lines];
    }),
  );
}

export function writeRecorded(transcripts: Transcripts): void {
  const sections = [...transcripts].map(
    ([name, lines]) => `${heading}${name}\n${lines.join('\n')}\n`,
  );
  const introduction = 'Answers of a real kube-apiserver, normalised. Recorded: see recorded.ts.\n';
  writeFileSync(file, [introduction, ...sections].join('\n'));
}
