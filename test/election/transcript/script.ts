/**
 * A story: comments, commands, and below `----` what the core did. Playing it gives the story again, with what the core
 * does now.
 *
 *     # A comment stays as it is.
 *     candidate L=15s
 *     begin
 *     ----
 *     0s  #1 GET, within 2.667s
 *     = standby, reading #1
 */
import { Stage } from './stage.ts';

export function play(story: string): string {
  const stage = new Stage();
  return `${story
    .trim()
    .split(/\n{2,}/)
    .map((scene) => playScene(scene, stage))
    .join('\n\n')}\n`;
}

/** The first line of a story says what it is about. */
export function titleOf(story: string): string {
  return (story.split('\n')[0] ?? '').replace(/^#+ */, '');
}

function playScene(scene: string, stage: Stage): string {
  const [before = ''] = scene.split('\n----');
  const lines = before.split('\n');
  const commands = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (commands.length === 0) return before;
  const outcome = commands.flatMap((command) => stage.perform(command));
  return [...lines, '----', ...align(outcome), stage.lineOfState()].join('\n');
}

/** The times in a column of their own. */
function align(lines: readonly string[]): string[] {
  const width = Math.max(0, ...lines.map((line) => line.indexOf('\t'))) + 2;
  return lines.map((line) => {
    const [time = '', text] = line.split('\t');
    return text === undefined ? line : time.padEnd(width) + text;
  });
}
