/** A leader with a Pod that is labelled, on an API that is recorded. */
import { PodLabel } from '../../src/operate/pod-label.ts';
import { type PodNote, writePodNote } from '../../src/operate/pod-note.ts';
import { put } from '../election/lease-store.ts';
import { Rig } from '../run/rig.ts';
import { RecordedApi, failed } from './recorded-api.ts';

export const pod: PodNote = {
  namespace: 'space',
  name: 'me-0',
  uid: 'u-me',
  label: 'app/role=leader',
};
export const other: PodNote = { ...pod, name: 'other-0', uid: null };
export const cutOff = failed({ reason: 'network', code: 'ECONNRESET', message: 'socket hang up' });

export function rig({
  left = null,
  waits = false,
}: { left?: PodNote | null; waits?: boolean } = {}) {
  const api = new RecordedApi();
  const label = new PodLabel(api.context(), pod, waits);
  const driver = new Rig({}, (state) => label.onState(state));
  const annotations = left === null ? {} : { 'leader-run/pod': writePodNote(left) };
  driver.store = put(driver.store, {
    kind: 'Lease',
    metadata: { annotations },
    spec: { holderIdentity: '', leaseTransitions: 1 },
  });
  return { api, label, driver };
}

export type LabelRig = ReturnType<typeof rig>;

/** The command runs, and what is due with that is done. */
export async function run({ label, driver }: Pick<LabelRig, 'label' | 'driver'>): Promise<void> {
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  await label.close();
}

/** So late that what failed is tried again. */
export async function retry({ api, label, driver }: LabelRig): Promise<void> {
  api.nowMs = 2_000;
  driver.pass(200);
  await label.close();
}
