/** Lays out what is shipped: the npm package, and /opt/leader-run for images. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { natives } from '../bundles.ts';
import { ownManifest } from '../licenses.ts';

const root = resolve(import.meta.dirname, '../..');

/** Of package.json: neither `prepare`, at which npm warns, nor what only developers install. */
const publishedFields = [
  ...['name', 'version', 'description', 'license', 'keywords', 'homepage', 'repository', 'bugs'],
  ...['type', 'bin', 'man', 'engines'],
];

/** For chmod and tar: nothing but what git keeps. */
export const sameRights = 'u+rwX,go+rX,go-w,a-s';

/** Files and folders that are shipped. */
export const shipped = ownManifest().files;

/** The npm package as a folder, from the dist that is built. */
export function stagePackage(to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of shipped) cpSync(join(root, name), join(to, name), { recursive: true });
  const manifest = ownManifest();
  const published = Object.fromEntries(publishedFields.map((name) => [name, manifest[name]]));
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
}

/** koffi's native modules that npm did not install here, as they are for another architecture. */
export function addNatives(dist: string, fetch: (name: string, to: string) => void): void {
  for (const name of natives) {
    const folder = join(dist, basename(name));
    if (!existsSync(folder)) fetch(name, folder);
  }
}

/** The package as npm makes a file of it, which keeps rights: they must not follow from the umask here. Returns its name. */
export function pack(folder: string, to: string): string {
  execFileSync('chmod', ['-R', sameRights, folder]);
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', to, folder];
  return execFileSync('npm', words, { encoding: 'utf8' }).trim();
}

/** What the folder's sh is named by in `#!` lines, which know no relative paths. */
export const installedAt = '/opt/leader-run';
/** The same in an archive, which is unpacked into the root of a file system. */
export const folderInRoot = 'opt/leader-run';
