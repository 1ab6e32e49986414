/** The licences of what others wrote and we ship: which packages are really bundled, and the text that has to go with them. */
import type { Metafile } from 'esbuild';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  readonly text: string;
}

/** Those that ask for no more than to be named, with their text. */
const permissive = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

const ownTexts = join(import.meta.dirname, 'licenses');

/** The packages of which esbuild took something, by name. What it looked at and left out whole is not among them. */
export function bundledPackages(metafiles: readonly Metafile[]): ShippedPackage[] {
  const inputs = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap((output) => Object.entries(output.inputs))
    .flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []));
  const folders = inputs.flatMap((path) => packageFolder(path) ?? []);
  return [...new Set(folders)]
    .map(packageIn)
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

/** The innermost, as npm puts a second version of a package into the folder of the one that needs it. */
function packageFolder(path: string): string | undefined {
  return /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
}

/** Throws if it has no licence, one that asks for more, or no text of it. */
export function packageIn(folder: string): ShippedPackage {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as { name: string; version: string; license?: string };
  if (license === undefined || !permissive.includes(license))
    throw new Error(
      `Cannot ship ${name}@${version}: its licence is ${String(license)}: one of ${permissive.join(', ')} is required`,
    );
  return { name, version, license, text: textIn(folder, `${name}@${version}`) };
}

function textIn(folder: string, title: string): string {
  const files = readdirSync(folder).filter((name) =>
    /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i.test(name),
  );
  if (files.length === 0) throw new Error(`Cannot ship ${title}: it has no text of its licence`);
  return files
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').trim())
    .join('\n\n');
}

/** koffi's native modules come without the text, which koffi itself has. The name is without its scope. */
export function nativePackages(versions: Readonly<Record<string, string>>): ShippedPackage[] {
  const text = readFileSync(join(ownTexts, 'koffi.txt'), 'utf8').trim();
  return Object.entries(versions).map(([name, version]) => {
    if (!basename(name).startsWith('koffi-'))
      throw new Error(`Cannot ship ${name}: there is no text of its licence`);
    return { name, version, license: 'MIT', text };
  });
}

export function licensesText(packages: readonly ShippedPackage[]): string {
  const line = '-'.repeat(80);
  return [
    'leader-run contains the following software.',
    ...packages.map(
      ({ name, version, license, text }) =>
        `${line}\n${name} ${version} (${license})\n${line}\n\n${text.replaceAll('\r\n', '\n')}`,
    ),
    '',
  ].join('\n\n');
}

/** What package.json says of this program. */
export function ownManifest(): {
  readonly version: string;
  readonly files: readonly string[];
  readonly optionalDependencies: Readonly<Record<string, string>>;
} & Readonly<Record<string, unknown>> {
  const path = join(import.meta.dirname, '../package.json');
  return JSON.parse(readFileSync(path, 'utf8')) as ReturnType<typeof ownManifest>;
}
