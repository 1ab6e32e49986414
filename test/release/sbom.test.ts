import { describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundles.ts';
import { bundledPackages, nativePackages, ownManifest } from '../../scripts/licenses.ts';
import { architectures } from '../../scripts/release/inputs.ts';
import { folderSbom, npmSbom, packageSbom, systemComponents } from '../../scripts/release/sbom.ts';

const bundled = bundledPackages(await bundle({ write: false }));
const carried = nativePackages(ownManifest().optionalDependencies);
const koffi = (architecture: string) => `@koromix/koffi-linux-${architecture}`;

describe.each([
  {
    artefact: 'the npm package',
    make: () => packageSbom(npmSbom(), bundled, carried),
    beside: architectures.map(koffi).sort(),
  },
  ...architectures.map((each) => ({
    artefact: `linux-${each}`,
    make: () => folderSbom(npmSbom(), bundled, carried, each),
    beside: [koffi(each), ...systemComponents(each).map(({ name }) => name)],
  })),
])('the SBOM of $artefact', ({ make, beside }) => {
  const sbom = make();

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
    expect(names).toEqual([...bundled.map(({ name }) => name), ...beside]);
    expect(names).not.toContain('vitest');
  });

  it('is the same each time', () => {
    expect(make()).toEqual(sbom);
  });
});
