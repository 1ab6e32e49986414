/** What is in an artefact, as CycloneDX: `npm sbom` of all that is installed, less what is not shipped, and what does not come from npm. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { ShippedPackage } from '../licenses.ts';
import { type Architecture, debianNames, inputs, isFor } from './inputs.ts';

export interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses: readonly object[];
  readonly properties?: readonly object[];
  readonly scope?: string;
}

export interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly version: number;
  readonly metadata: { readonly component: Component } & Readonly<Record<string, unknown>>;
  readonly components: readonly Component[];
  readonly dependencies: readonly {
    readonly ref: string;
    readonly dependsOn?: readonly string[];
  }[];
}

const root = resolve(import.meta.dirname, '../..');

/** Of all that package-lock.json has. */
export function npmSbom(): Sbom {
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const text = execFileSync('npm', words, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return JSON.parse(text) as Sbom;
}

type Packages = readonly Pick<ShippedPackage, 'name' | 'version'>[];

export function packageSbom(all: Sbom, bundled: Packages, carried: Packages): Sbom {
  return sbomOf(all, [...bundled, ...carried], []);
}

/** Of what is carried the folder has only the native module for its architecture. */
export function folderSbom(
  all: Sbom,
  bundled: Packages,
  carried: Packages,
  architecture: Architecture,
): Sbom {
  const own = carried.filter(({ name }) => isFor(architecture, name));
  return sbomOf(all, [...bundled, ...own], systemComponents(architecture));
}

/**
 * The SBOM of one artefact. It is the same each time: `npm sbom` names it by chance and notes the time, which is left out; its name
 * follows from what it says.
 */
function sbomOf(all: Sbom, packages: Packages, others: readonly Component[]): Sbom {
  const refs = packages.map(({ name, version }) => `${name}@${version}`);
  const found = refs.map((ref) => {
    const component = all.components.find((each) => each['bom-ref'] === ref);
    if (component === undefined) throw new Error(`Cannot find ${ref} in the output of "npm sbom"`);
    // To npm all are for development: they are bundled.
    return { ...component, scope: 'required', properties: [] };
  });
  const components = [...found, ...others];
  const { component } = all.metadata;
  const content = {
    ...{ $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json', bomFormat: 'CycloneDX' },
    ...{ specVersion: all.specVersion, version: 1 },
    metadata: { component: { ...component, name: 'leader-run', type: 'application' } },
    components,
    dependencies: [
      { ref: component['bom-ref'], dependsOn: components.map((each) => each['bom-ref']) },
      ...components.map((each) => ({
        ref: each['bom-ref'],
        dependsOn: dependenciesOf(all, each['bom-ref']).filter((ref) => refs.includes(ref)),
      })),
    ],
  };
  return { ...content, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}` };
}

function dependenciesOf(all: Sbom, ref: string): readonly string[] {
  return all.dependencies.find((each) => each.ref === ref)?.dependsOn ?? [];
}

/** A UUID of version 8 (RFC 9562): its bits are ours to choose. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** What /opt/leader-run has beside the packages of npm. The names are Debian's; base-files has nothing but texts of licences. */
const debianLicenses: Readonly<Record<string, string>> = {
  libc6: 'LGPL-2.1-or-later',
  'libstdc++6': 'GPL-3.0-or-later WITH GCC-exception-3.1',
  'libgcc-s1': 'GPL-3.0-or-later WITH GCC-exception-3.1',
  'busybox-static': 'GPL-2.0-only',
};

export function systemComponents(architecture: Architecture): Component[] {
  const { node, debian } = inputs[architecture];
  const component = (name: string, version: string, purl: string, license: string): Component => ({
    ...{ 'bom-ref': purl, type: 'library', name, version, purl },
    licenses: [license.includes(' ') ? { expression: license } : { license: { id: license } }],
  });
  return [
    component('node', node.version, `pkg:npm/${node.name}@${node.version}`, 'MIT'),
    ...Object.entries(debian).flatMap(([name, { version }]) => {
      const license = debianLicenses[name];
      const arch = debianNames[architecture];
      const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${arch}`;
      return license === undefined ? [] : [component(name, version, purl, license)];
    }),
  ];
}
