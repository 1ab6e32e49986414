/**
 * An image of nothing but /opt/leader-run, for both architectures, as an OCI image layout (opencontainers/image-spec): files named by
 * their SHA-256. No registry and no docker is needed to make it.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Architecture, debianNames } from './inputs.ts';
import { installedAt } from './stage.ts';

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** `layers` are tar.gz files, each with the folder `opt`. */
export function writeImageLayout(
  to: string,
  version: string,
  layers: Readonly<Record<Architecture, string>>,
): void {
  mkdirSync(join(to, 'blobs/sha256'), { recursive: true });
  const store = (mediaType: string, content: Buffer): Descriptor => {
    const hash = sha256(content);
    writeFileSync(join(to, 'blobs/sha256', hash), content);
    return { mediaType, digest: `sha256:${hash}`, size: content.length };
  };
  const storeJson = (mediaType: string, value: object) =>
    store(mediaType, Buffer.from(JSON.stringify(value)));

  const manifests = Object.entries(layers).map(([architecture, file]) => {
    const layer = readFileSync(file);
    const platform = { architecture: debianNames[architecture as Architecture], os: 'linux' };
    const config = storeJson(types.config, {
      ...platform,
      config: {
        Entrypoint: [`${installedAt}/bin/leader-run`, '--'],
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        Labels: { 'org.opencontainers.image.version': version },
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(gunzipSync(layer))}`] },
    });
    const manifest = storeJson(types.manifest, {
      ...{ schemaVersion: 2, mediaType: types.manifest, config },
      layers: [store(types.layer, layer)],
    });
    return { ...manifest, platform };
  });
  const both = storeJson(types.index, { schemaVersion: 2, mediaType: types.index, manifests });
  const name = { 'org.opencontainers.image.ref.name': version };
  const index = { schemaVersion: 2, manifests: [{ ...both, annotations: name }] };
  writeFileSync(join(to, 'index.json'), JSON.stringify(index));
  writeFileSync(join(to, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
