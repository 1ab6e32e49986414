/** What others do to the Lease by hand, or by a request to transfer it. */
import type { JsonObject } from '../../src/json.ts';
import { readRecord } from '../../src/election/record.ts';
import { put, remove } from '../election/lease-store.ts';
import { told } from './actor.ts';
import type { Action } from './collector.ts';
import { written } from './deeds.ts';
import { type Bounds, type Budget, type World, holderIn, spend } from './world.ts';

export function edits({ candidates }: Bounds, world: World): Action[] {
  const { lease } = world.store;
  if (lease === null || holderIn(lease) === '') return [];
  const actions: Action[] = [];
  const record = readRecord(lease);
  const add = (what: keyof Budget, next: () => World) => {
    if (world.left[what] > 0) actions.push({ label: what, next });
  };
  const rewrite = (what: keyof Budget, spec: object) => () => {
    const body = { ...lease, spec: { ...(lease['spec'] as object), ...spec } };
    const edited = spend({ ...world, store: put(world.store, body) }, what);
    return told(written(world, 'other', edited), edited.store.lease ?? {}, 'changed');
  };
  const sometime = '2026-01-01T00:00:00.999999Z';
  const times = { acquireTime: sometime, renewTime: sometime };
  add('blanks', rewrite('blanks', { holderIdentity: '', leaseDurationSeconds: 1, ...times }));
  add('otherHolders', rewrite('otherHolders', { holderIdentity: 'another', ...times }));
  if (record.holder === candidates[0].identity) {
    add('twins', rewrite('twins', { renewTime: sometime }));
  }
  add('transfers', () => {
    const metadata = (lease['metadata'] ?? {}) as JsonObject;
    const annotations = (metadata['annotations'] ?? {}) as JsonObject;
    const term = annotations['leader-run/term'] ?? '';
    const request = JSON.stringify({ to: candidates[1].identity, term });
    const asked = { ...annotations, 'leader-run/transfer': request };
    const body = { ...lease, metadata: { ...metadata, annotations: asked } };
    const edited = spend({ ...world, store: put(world.store, body) }, 'transfers');
    return told(edited, edited.store.lease ?? {}, 'changed');
  });
  add('deletions', () => {
    const { store, lease: last } = remove(world.store);
    const edited = spend({ ...world, store, mayOverlap: true }, 'deletions');
    return told(written(world, 'other', edited), last, 'deleted');
  });
  return actions;
}
