/**
 * `npm run release`: makes what is published, in the folder `release`: the npm package, /opt/leader-run as an archive for each architecture and as
 * an image, an SBOM of each, and SHA256SUMS. The same commit gives the same bytes. docs/release.md says what comes before and after.
 *
 * Once what it takes from elsewhere is in .cache/release it needs no network.
 */
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundle } from '../bundles.ts';
import { bundledPackages, nativePackages, ownManifest } from '../licenses.ts';
import { gzip, tar } from './archive.ts';
import { refuseOtherFiles } from './committed.ts';
import { stageFolder } from './folder.ts';
import { type Architecture, architectures, fetchNative } from './inputs.ts';
import { writeImageLayout } from './oci.ts';
import { folderSbom, npmSbom, packageSbom } from './sbom.ts';
import { addNatives, folderInRoot, pack, stagePackage } from './stage.ts';

const root = resolve(import.meta.dirname, '../..');
const release = join(root, 'release');
const { version, optionalDependencies } = ownManifest();
const name = `leader-run-${version}`;
const scratch = mkdtempSync(join(tmpdir(), 'leader-run-release-'));
process.on('exit', () => rmSync(scratch, { recursive: true }));

refuseOtherFiles(root);
rmSync(release, { recursive: true, force: true });
mkdirSync(release);

const staged = join(scratch, 'package');
stagePackage(staged);
addNatives(join(staged, 'dist'), fetchNative);
pack(staged, release);

const layers = Object.fromEntries(
  architectures.map((architecture) => [architecture, archiveFolder(architecture)]),
) as Record<Architecture, string>;
const layout = join(scratch, 'image');
writeImageLayout(layout, version, layers);
tar(layout, readdirSync(layout).sort(), join(release, `${name}-image.tar`));
await writeSboms();
cpSync(join(root, 'dist/THIRD-PARTY-LICENSES'), join(release, 'THIRD-PARTY-LICENSES'));
const sums = readdirSync(release)
  .sort()
  .map((file) => `${sha256(join(release, file))}  ${file}\n`);
writeFileSync(join(release, 'SHA256SUMS'), sums.join(''));
process.stdout.write(sums.join(''));

/** Makes /opt/leader-run and the archive of it; returns the archive's path. */
function archiveFolder(architecture: Architecture): string {
  const system = join(scratch, architecture);
  stageFolder(architecture, { staged, scratch, to: join(system, folderInRoot) });
  const file = join(scratch, `${architecture}.tar`);
  tar(system, [folderInRoot], file);
  const archive = join(release, `${name}-linux-${architecture}.tar.gz`);
  gzip(file, archive);
  return archive;
}

async function writeSboms(): Promise<void> {
  const all = npmSbom();
  const bundled = bundledPackages(await bundle({ write: false }));
  const carried = nativePackages(optionalDependencies);
  const write = (file: string, sbom: object) =>
    writeFileSync(join(release, `${file}.cdx.json`), `${JSON.stringify(sbom, null, 2)}\n`);
  write(name, packageSbom(all, bundled, carried));
  for (const architecture of architectures)
    write(`${name}-linux-${architecture}`, folderSbom(all, bundled, carried, architecture));
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
