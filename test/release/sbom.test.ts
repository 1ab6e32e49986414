import { describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundles.ts';
import { bundledPackages, nativePackages, ownManifest } from '../../scripts/licenses.ts';
import { architectures } from '../../scripts/release/inputs.ts';
import { npmSbom, sbomOf, systemComponents } from '../../scripts/release/sbom.ts';

const all = npmSbom();
const packages = [
  ...bundledPackages(await bundle({ write: false })),
  ...nativePackages(ownManifest().optionalDependencies),
];

describe.each([
  ['the npm package', []],
  ...architectures.map((each) => [`linux-${each}`, systemComponents(each)] as const),
] as const)('the SBOM of %s', (_, others) => {
  const sbom = sbomOf(all, packages, others);

  it('has what CycloneDX requires', () => {
    expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 });
    expect(sbom.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    for (const component of [sbom.metadata.component, ...sbom.components]) {
      expect(component.type).toMatch(/^(application|library)$/);
      expect(component.purl).toMatch(/^pkg:(npm|deb)\/\S+@\S+$/);
      expect(component.licenses.length).toBeGreaterThan(0);
      for (const text of [component.name, component.version]) expect(text).not.toBe('');
    }
    expect(sbom.metadata.component.name).toBe('leader-run');
  });

  it('refers to what is in it, and to each but once', () => {
    const refs = [sbom.metadata.component, ...sbom.components].map((each) => each['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(sbom.dependencies.map(({ ref }) => ref).sort()).toEqual([...refs].sort());
    const targets = sbom.dependencies.flatMap(({ dependsOn = [] }) => dependsOn);
    expect(targets.filter((ref) => !refs.includes(ref))).toEqual([]);
  });

  it('has what is shipped, and nothing that is not', () => {
    const names = sbom.components.map(({ name }) => name);
    expect(names).toEqual([...packages, ...others].map(({ name }) => name));
    expect(names).not.toContain('vitest');
  });

  it('is the same each time', () => {
    expect(sbomOf(npmSbom(), packages, others)).toEqual(sbom);
  });
});
