/**
 * Who is a member of the tree, told as stories of processes; `npm run test:golden:update` writes what is said of them again, to be reviewed
 * as a diff.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Stage } from './stage.ts';

const folder = join(import.meta.dirname, 'stories');

const stories = readdirSync(folder)
  .sort()
  .map((name) => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    return { name, path, text, title: (text.split('\n')[0] ?? '').replace(/^#+ */, '') };
  });

describe('the tree is judged as the stories tell', () => {
  it.each(stories)('$name: $title', async ({ path, text }) => {
    await expect(play(text)).toMatchFileSnapshot(path);
  });
});

function play(story: string): string {
  const stage = new Stage();
  const scenes = story.trim().split(/\n{2,}/);
  return `${scenes.map((scene) => playScene(scene, stage)).join('\n\n')}\n`;
}

function playScene(scene: string, stage: Stage): string {
  const [before = ''] = scene.split('\n----');
  const lines = before.split('\n');
  const commands = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const said = commands.flatMap((command) => stage.perform(command));
  return said.length === 0 ? before : [...lines, '----', ...said].join('\n');
}
