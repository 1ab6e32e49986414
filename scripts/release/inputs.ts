/**
 * What a release takes from elsewhere, each pinned by version and hash in inputs.json: Node.js from npm; the C library, C++'s and
 * gcc's and busybox from Debian; koffi's native modules as package-lock.json pins them. Kept in .cache/release.
 *
 * Debian serves a version until the next one. docs/release.md says how to pin that.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

export type Architecture = 'x64' | 'arm64';
export const architectures: readonly Architecture[] = ['x64', 'arm64'];

/** By the name of one of koffi's native modules. */
export function isFor(architecture: Architecture, native: string): boolean {
  return native.endsWith(`-${architecture}`);
}

export const debianNames = { x64: 'amd64', arm64: 'arm64' } as const;

export interface Inputs {
  readonly node: { readonly name: string; readonly version: string; readonly integrity: string };
  readonly debian: Readonly<Record<string, { readonly version: string; readonly sha256: string }>>;
}

const root = resolve(import.meta.dirname, '../..');
const cache = join(root, '.cache/release');

export const inputs = JSON.parse(
  readFileSync(join(import.meta.dirname, 'inputs.json'), 'utf8'),
) as Readonly<Record<Architecture, Inputs>>;

/** A package of npm, as a file. `integrity` is what package-lock.json has, too. */
export function fetchNpm(name: string, version: string, integrity: string): string {
  const file = join(cache, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  const [algorithm = '', expected = ''] = integrity.split(/-(.*)/s);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(file))
    execFileSync('npm', ['pack', '--silent', `${name}@${version}`], { cwd: cache });
  return checked(file, algorithm, 'base64', expected);
}

/** koffi's native modules for an architecture, in a folder. */
export function fetchNative(name: string, to: string): void {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity: string } | undefined>;
  };
  const pinned = lock.packages[`node_modules/${name}`];
  if (pinned === undefined) throw new Error(`Cannot find "${name}" in package-lock.json`);
  mkdirSync(to, { recursive: true });
  const file = fetchNpm(name, pinned.version, pinned.integrity);
  execFileSync('tar', ['-xzf', file, '-C', to, '--strip-components=1', '--no-same-owner']);
}

/** The Debian packages of an architecture, unpacked over each other into a folder. */
export function unpackDebian(architecture: Architecture, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const file of fetchDebian(architecture)) execFileSync('dpkg-deb', ['-x', file, to]);
}

function fetchDebian(architecture: Architecture): string[] {
  const wanted = Object.entries(inputs[architecture].debian).map(([name, pin]) => ({
    words: `${name}=${pin.version}`,
    // apt's own name for the file.
    file: join(
      cache,
      `${name}_${pin.version.replaceAll(':', '%3a')}_${debianNames[architecture]}.deb`,
    ),
    sha256: pin.sha256,
  }));
  const missing = wanted.filter(({ file }) => !existsSync(file)).map(({ words }) => words);
  if (missing.length > 0) download(architecture, missing);
  return wanted.map(({ file, sha256 }) => checked(file, 'sha256', 'hex', sha256));
}

/** By apt with an index of its own: that of this machine is for another architecture, or old. */
function download(architecture: Architecture, packages: readonly string[]): void {
  const state = mkdtempSync(join(tmpdir(), 'leader-run-apt-'));
  const name = debianNames[architecture];
  const options = Object.entries({
    'APT::Architecture': name,
    'APT::Architectures': name,
    'APT::Sandbox::User': 'root',
    'Dir::State::Lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': join(state, 'cache'),
  }).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  try {
    writeFileSync(join(state, 'status'), '');
    mkdirSync(join(state, 'lists/partial'), { recursive: true });
    mkdirSync(join(state, 'cache/archives/partial'), { recursive: true });
    mkdirSync(cache, { recursive: true });
    execFileSync('apt-get', ['-qq', ...options, 'update'], { stdio: ['ignore', 2, 2] });
    const words = ['-qq', ...options, 'download', ...packages];
    execFileSync('apt-get', words, { cwd: cache, stdio: ['ignore', 2, 2] });
  } finally {
    rmSync(state, { recursive: true });
  }
}

function checked(
  file: string,
  algorithm: string,
  encoding: 'base64' | 'hex',
  expected: string,
): string {
  const actual = createHash(algorithm).update(readFileSync(file)).digest(encoding);
  if (actual === expected) return file;
  rmSync(file);
  throw new Error(
    `Cannot use ${basename(file)}: its ${algorithm} is ${actual}: ${expected} is required`,
  );
}
