/**
 * `npm run torture:sabotage [-- --only ID,ID --seed S --minutes M --parallel N]`: shows that torture can fail. Builds each sabotaged
 * leader-run in a copy of the sources and tortures it until the judge has found what it breaks, for at most five minutes. Fails if one is
 * not found.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { applyEdit } from '../simulation/bugs/bug.ts';
import { withoutOwnChecks } from '../simulation/bugs/bugs.ts';
import type { Finding, Verdict } from './verdict.ts';
import { sabotages, type Sabotage } from './sabotages.ts';
import { readable } from './summary.ts';
import { torture } from './torture.ts';

const project = resolve(import.meta.dirname, '../..');
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
process.exitCode = missed > 0 || chosen.length === 0 ? 1 : 0;

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
  const program = buildSabotaged(sabotage);
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

/** A folder with its `bin` and `dist`. */
function buildSabotaged({ id, edits }: Sabotage): string {
  const copy = join(root, id);
  mkdirSync(copy);
  for (const name of ['src', 'bin', 'scripts', 'package.json'])
    cpSync(join(project, name), join(copy, name), { recursive: true });
  symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));
  for (const edit of [withoutOwnChecks, ...edits]) {
    const path = join(copy, edit.file);
    writeFileSync(path, applyEdit(readFileSync(path, 'utf8'), edit));
  }
  const tsx = join(project, 'node_modules/.bin/tsx');
  execFileSync(tsx, ['scripts/build.ts'], { cwd: copy, stdio: ['ignore', 'inherit', 'inherit'] });
  return copy;
}
