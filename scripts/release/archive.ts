/** Archives that are the same each time: no times, no owners, no order but that of the names. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { sameRights } from './stage.ts';

/** A tar of some paths in a folder, by GNU tar. */
export function tar(folder: string, paths: readonly string[], to: string): void {
  execFileSync('tar', [
    ...['--sort=name', '--format=ustar', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'],
    ...[`--mode=${sameRights}`, '-C', folder, '-cf', to, ...paths],
  ]);
}

export function gzip(from: string, to: string): void {
  writeFileSync(to, gzipSync(readFileSync(from), { level: 9 }));
}
