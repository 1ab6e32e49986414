/**
 * The core's dialogues: what happened, and what it did. Each story is an assertion that was checked against the design;
 * `npx vitest run test/election --update` writes them again, to be reviewed as a diff.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { play, titleOf } from './transcript/script.ts';

const folder = join(import.meta.dirname, 'stories');

const stories = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .sort()
  .map((name) => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    return { name, path, text, title: titleOf(text) };
  });

describe('the core behaves as the stories tell', () => {
  it.each(stories)('$name: $title', async ({ path, text }) => {
    await expect(play(text)).toMatchFileSnapshot(path);
  });
});
