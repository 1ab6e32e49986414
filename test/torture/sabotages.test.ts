/** That they are found takes minutes and is `npm run torture:sabotage`. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { applyEdit } from '../simulation/bugs/bug.ts';
import { sabotages } from './sabotages.ts';

test.each(sabotages)('The sabotage $id can be put into the sources', async ({ edits }) => {
  for (const edit of edits) {
    const text = await readFile(edit.file, 'utf8');
    expect(applyEdit(text, edit)).not.toBe(text);
  }
});
