/**
 * `npm run torture:sabotage [-- --only ID,ID --seed S --minutes M --parallel N]`: shows that torture can fail. Builds each sabotaged
 * leader-run in a copy of the sources and tortures it until the judge has found what it breaks, for at most five minutes. Fails if one is
 * not found.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Finding, Verdict } from './verdict.ts';
import { buildSabotaged } from './sabotage-build.ts';
import { sabotages, type Sabotage } from './sabotages.ts';
import { readable } from './summary.ts';
import { torture } from './torture.ts';

const candidates = 5;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '5' },
    parallel: { type: 'string', default: '1' },
  },
});
const minutes = Number(values.minutes);

const chosen = sabotages.filter(
  ({ id }) => values.only === undefined || values.only.split(',').includes(id),
);
const root = mkdtempSync(join(tmpdir(), 'leader-run-sabotage-'));
const queue = [...chosen];
let missed = 0;
try {
  await Promise.all(Array.from({ length: Number(values.parallel) }, takeNext));
} finally {
  rmSync(root, { recursive: true, force: true });
}
console.log(`${chosen.length - missed} of ${chosen.length} found`);
// Node.js 20 may wait for ever, at its natural end, for a connection to a server that was killed.
process.exit(missed > 0 || chosen.length === 0 ? 1 : 0);

async function takeNext(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const found = await attack(next);
    if (found === null) missed += 1;
    const result = found ?? `NOT FOUND in ${minutes} minutes`;
    console.log(`${next.id} (${next.what}): ${result}`);
  }
}

/** After how long it was found, and by which rule; null: it was not. */
async function attack(sabotage: Sabotage): Promise<string | null> {
  const program = buildSabotaged(sabotage.edits, join(root, sabotage.id));
  const folder = join(root, `run-${sabotage.id}`);
  const isFind = ({ rule, excuse }: Finding) => excuse === null && sabotage.breaks.includes(rule);
  const isEnough = ({ findings }: Verdict) => findings.some(isFind);
  const seed = Number(values.seed);
  const { verdict, history } = await torture({
    seed,
    minutes,
    candidates,
    program,
    folder,
    isEnough,
  });
  const [first] = verdict.findings.filter(isFind).sort((a, b) => a.atMs - b.atMs);
  if (first === undefined) return null;
  const beganMs = Math.min(...history.processes.map(({ startMs }) => startMs));
  const after =
    first.atMs === Infinity ? 'at the end' : `after ${Math.round((first.atMs - beganMs) / 1000)} s`;
  return `${after} by "${first.rule}": ${readable(first.text)}`;
}
