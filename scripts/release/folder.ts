/**
 * /opt/leader-run: leader-run with all that it needs of a system, for an image that may have nothing of it. Node.js with its loader and
 * libraries, so that neither version nor libc of the image matters; busybox for launcher, gate and guard.
 *
 * Nothing in it is compiled here: it is put together from the inputs, for any architecture.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { natives } from '../bundles.ts';
import { stripElf } from './elf.ts';
import { type Architecture, debianNames, fetchNpm, inputs, isFor, unpackDebian } from './inputs.ts';
import { installedAt } from './stage.ts';

const triplets = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as const;
const loaders = { x64: 'ld-linux-x86-64.so.2', arm64: 'ld-linux-aarch64.so.1' } as const;
const emulators = { x64: 'qemu-x86_64-static', arm64: 'qemu-aarch64-static' } as const;

/** What node and koffi are linked with. */
const libraries = [
  ...['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0'],
  ...['libgcc_s.so.1', 'libstdc++.so.6'],
];

/** Each with the folder of its text among Debian's packages. */
const copyrights = { glibc: 'libc6', gcc: 'gcc-12-base', busybox: 'busybox-static' } as const;
/** Which of them name these for their whole text. */
const commonLicenses = ['GPL-2', 'GPL-3', 'LGPL-2.1'];

/** Makes the folder from the npm package's. `scratch` is for what is unpacked on the way. */
export function stageFolder(
  architecture: Architecture,
  { staged, scratch, to }: { staged: string; scratch: string; to: string },
): void {
  const own = join(to, 'libexec');
  fs.mkdirSync(own, { recursive: true });
  for (const name of ['bin', 'dist', 'LICENSE'])
    fs.cpSync(join(staged, name), join(to, name), { recursive: true });
  useOwnShell(join(to, 'bin/leader-run'));

  const debian = join(scratch, `debian-${architecture}`);
  unpackDebian(architecture, debian);
  takeLibraries(architecture, debian, own);
  copy(join(debian, 'bin/busybox'), join(own, 'busybox'));
  fs.symlinkSync('busybox', join(own, 'sh'));

  const { name, version, integrity } = inputs[architecture].node;
  const node = join(scratch, name);
  fs.mkdirSync(node);
  const tarball = fetchNpm(name, version, integrity);
  execFileSync('tar', ['-xzf', tarball, '-C', node, '--strip-components=1', '--no-same-owner']);
  fs.writeFileSync(join(own, 'node'), stripElf(fs.readFileSync(join(node, 'bin/node'))));
  fs.chmodSync(join(own, 'node'), 0o755);

  keepOneNative(architecture, join(to, 'dist'));
  takeLicenses(debian, node, to);
  cacheCode(architecture, to);
}

function useOwnShell(launcher: string): void {
  const text = fs.readFileSync(launcher, 'utf8');
  fs.writeFileSync(launcher, text.replace(/^#!.*/, `#!${installedAt}/libexec/sh`));
}

function takeLibraries(architecture: Architecture, debian: string, own: string): void {
  const triplet = triplets[architecture];
  copy(join(debian, 'lib', triplet, loaders[architecture]), join(own, 'ld.so'));
  for (const name of libraries) {
    const places = ['lib', 'usr/lib'].map((folder) => join(debian, folder, triplet, name));
    const file = places.find((place) => fs.existsSync(place));
    if (file === undefined) throw new Error(`Cannot find "${name}" in Debian's packages`);
    copy(file, join(own, name));
  }
}

/** Follows links, which lead to what is not taken. */
function copy(from: string, to: string): void {
  fs.copyFileSync(fs.realpathSync(from), to);
  fs.chmodSync(to, 0o755);
}

/**
 * Only the one for this architecture and glibc. koffi's own way to find it looks for the libc of the running program's file, which
 * here is the loader.
 */
function keepOneNative(architecture: Architecture, dist: string): void {
  for (const name of natives) {
    const folder = join(dist, basename(name));
    if (!isFor(architecture, name)) fs.rmSync(folder, { recursive: true });
    else {
      fs.rmSync(join(folder, `musl_${architecture}`), { recursive: true });
      const module = `./linux_${architecture}/koffi.node`;
      if (!fs.existsSync(join(folder, module))) throw new Error(`Cannot find "${module}" in koffi`);
      fs.writeFileSync(join(folder, 'index.js'), `module.exports = require('${module}');\n`);
    }
  }
}

function takeLicenses(debian: string, node: string, to: string): void {
  const folder = join(to, 'licenses');
  fs.mkdirSync(folder);
  fs.copyFileSync(join(node, 'LICENSE'), join(folder, 'node'));
  for (const [name, from] of Object.entries(copyrights))
    fs.copyFileSync(join(debian, 'usr/share/doc', from, 'copyright'), join(folder, name));
  for (const name of commonLicenses)
    fs.copyFileSync(join(debian, 'usr/share/common-licenses', name), join(folder, name));
}

/** V8 takes only code that its own version made. */
function cacheCode(architecture: Architecture, to: string): void {
  const own = resolve(to, 'libexec');
  const emulator = architecture === process.arch ? [] : [emulators[architecture]];
  const [file = '', ...words] = [
    ...emulator,
    join(own, 'ld.so'),
    '--library-path',
    own,
    join(own, 'node'),
    '--random-seed=1',
    resolve(import.meta.dirname, '../cache-code.mjs'),
    ...['program.js', 'program.cache'].map((name) => join(to, 'dist', name)),
  ];
  try {
    execFileSync(file, words, { env: { PATH: process.env['PATH'] } });
  } catch (error) {
    throw new Error(
      `Cannot run Node.js for ${debianNames[architecture]}: ${(error as Error).message}. ${emulator.length > 0 ? `Install ${String(emulator[0])} (qemu-user-static)` : ''}`,
      { cause: error },
    );
  }
}
