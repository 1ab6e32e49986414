/** Refuses to release what nobody else could make: what is not in the commit. */
import { execFileSync } from 'node:child_process';
import { shipped } from './stage.ts';

/** All that is shipped as it lies on the disk, and all that dist is made from. */
const sources = [
  ...shipped.filter((name) => name !== 'dist'),
  ...['src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json', '.npmrc'],
];

/** Throws if there is anything in a clone that its commit does not have, or has otherwise. Ignored files would be shipped, too. */
export function refuseOtherFiles(clone: string): void {
  const words = ['status', '--porcelain', '--ignored', '--untracked-files=all', '--', ...sources];
  const others = execFileSync('git', words, { cwd: clone, encoding: 'utf8' });
  if (others !== '')
    throw new Error(`Cannot release what is not committed: commit or remove it:\n${others}`);
}
