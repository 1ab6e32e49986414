/** Builds leader-run from sources that were changed, in a copy of them. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { applyEdit, type Edit } from '../simulation/bugs/bug.ts';
import { withoutOwnChecks } from '../simulation/bugs/bugs.ts';

const project = resolve(import.meta.dirname, '../..');
/** What a build reads. */
const sources = ['src', 'bin', 'scripts', 'docs', 'package.json'];

/** Without the checks that leader-run makes of itself, so that it is the judge from outside who finds it. Returns the folder `copy`. */
export function buildSabotaged(edits: readonly Edit[], copy: string): string {
  mkdirSync(copy);
  for (const name of sources) cpSync(join(project, name), join(copy, name), { recursive: true });
  symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));
  for (const edit of [withoutOwnChecks, ...edits]) {
    const path = join(copy, edit.file);
    writeFileSync(path, applyEdit(readFileSync(path, 'utf8'), edit));
  }
  const tsx = join(project, 'node_modules/.bin/tsx');
  execFileSync(tsx, ['scripts/build.ts'], { cwd: copy, stdio: ['ignore', 'inherit', 'inherit'] });
  return copy;
}
