/** The hunt for them takes minutes and is `npm run test:sim:bugs`. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { applyEdit } from './bug.ts';
import { allBugs, classicBugs, withoutOwnChecks } from './bugs.ts';

test('There are the thirteen bugs that leader election is known for', () => {
  expect(classicBugs).toHaveLength(13);
});

test.each([{ id: 'no checks of its own', edits: [withoutOwnChecks] }, ...allBugs])(
  'The bug $id can be put into the sources as they are',
  async ({ edits }) => {
    for (const edit of edits) {
      const text = await readFile(edit.file, 'utf8');
      expect(applyEdit(text, edit)).not.toBe(text);
    }
  },
);
