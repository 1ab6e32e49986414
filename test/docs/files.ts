/** The files of the project, by name. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** What others wrote, or what is made of the sources. */
const notOurs: ReadonlySet<string> = new Set([
  'node_modules',
  'dist',
  'coverage',
  'reports',
  '.git',
  '.cache',
  '.stryker-tmp',
]);

/** Paths from the top of the project, in order. */
export function filesLike(pattern: RegExp, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !notOurs.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesLike(pattern, path);
      return pattern.test(path) ? [path] : [];
    })
    .sort();
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
