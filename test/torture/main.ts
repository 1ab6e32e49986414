/**
 * `npm run torture [-- --minutes M --seed S --candidates N]`: real leader-runs under faults from outside, judged by what their commands
 * noted. Leaves everything in reports/torture/SEED. With `--judge FOLDER` it only judges again.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './check.ts';
import { files, readHistory, type History } from './history.ts';
import { drawPage } from './page.ts';
import { locks } from './stage.ts';
import { describe, summarise } from './summary.ts';
import { missing, torture } from './torture.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    candidates: { type: 'string', default: '5' },
    judge: { type: 'string' },
  },
});

const project = resolve(import.meta.dirname, '../..');
const folder = resolve(values.judge ?? join(project, 'reports/torture', values.seed));
/** A run that is judged again has the name of its seed. */
const seed = Number(values.judge === undefined ? values.seed : basename(folder));

async function run(): Promise<History> {
  const settings = { minutes: Number(values.minutes), candidates: Number(values.candidates), seed };
  for (const lack of missing) console.log(`missing: ${lack}`);
  console.log(`seed ${seed}, ${settings.minutes} minutes, ${settings.candidates} candidates`);
  rmSync(folder, { recursive: true, force: true });
  const { history } = await torture({ ...settings, program: project, folder });
  return history;
}

const history =
  values.judge === undefined ? await run() : readHistory(folder, join(folder, files.audit));
const verdict = check(history);
console.log(describe(history, verdict, locks.work));
const page = join(folder, 'index.html');
writeFileSync(page, drawPage(history, verdict, locks.work, `seed ${seed}`));
console.log(`page: ${page}`);
// Node.js 20 may wait for ever, at its natural end, for a connection to a server that was killed.
process.exit(summarise(history, verdict, locks.work).violations.length > 0 ? 1 : 0);
