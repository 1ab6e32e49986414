/** Copies of the sources with a bug put in. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bug, applyEdit } from '../simulation/bugs/bug.ts';
import { withoutOwnChecks } from '../simulation/bugs/bugs.ts';
import { type Core, loadCore } from './core.ts';

/** Whether the bug is in the core alone: all that the model knows. */
export function isInCore({ edits }: Bug): boolean {
  return edits.every(({ file }) => file.startsWith('src/election/'));
}

/** The core with the bug in it, for as long as `use` takes. */
export async function withBug<T>({ edits }: Bug, use: (core: Core) => T): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'leader-run-model-'));
  try {
    await cp('src/election', join(folder, 'src/election'), { recursive: true });
    await cp('src/json.ts', join(folder, 'src/json.ts'));
    // Modules as in the project itself.
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    for (const edit of [withoutOwnChecks, ...edits]) {
      const path = join(folder, edit.file);
      await writeFile(path, applyEdit(await readFile(path, 'utf8'), edit));
    }
    return use(await loadCore(join(folder, 'src')));
  } finally {
    await rm(folder, { recursive: true });
  }
}
