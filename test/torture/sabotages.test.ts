/** That they are found takes minutes and is `npm run torture:sabotage`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { applyEdit } from '../simulation/bugs/bug.ts';
import { buildSabotaged } from './sabotage-build.ts';
import { sabotages } from './sabotages.ts';

test.each(sabotages)('The sabotage $id can be put into the sources', async ({ edits }) => {
  for (const edit of edits) {
    const text = await readFile(edit.file, 'utf8');
    expect(applyEdit(text, edit)).not.toBe(text);
  }
});

test('a leader-run with all of them can be built', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leader-run-sabotages-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const edits = sabotages.flatMap((sabotage) => sabotage.edits);
  const program = join(buildSabotaged(edits, join(folder, 'copy')), 'bin/leader-run');
  expect(execFileSync(program, ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/);
});
