/**
 * The annotations by which a leader names the Pod that carries its label, and the Pods of leaders before it from which the label could not
 * be taken off, so that the next leader can.
 */
import type { RawLease } from '../election/lease.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { objectOf, parseObject, textOf } from '../json.ts';

export const podAnnotation = 'leader-run/pod';
/** Their notes, by namespace and name. */
const formerPodsAnnotation = 'leader-run/former-pods';
/** More are forgotten: an annotation may not grow for ever. */
const mostFormerPods = 8;

/** What can be the name of a Pod or a namespace, and stands in a path as it is: whoever writes the Lease writes the notes. */
const nameOfObject = /^[a-z0-9][a-z0-9.-]{0,252}$/;

export interface PodNote {
  readonly namespace: string;
  readonly name: string;
  /** null: not known. */
  readonly uid: string | null;
  /** key=value */
  readonly label: string;
}

export function writePodNote(note: PodNote): string {
  return JSON.stringify(objectOfNote(note));
}

/** Null for anything that no leader-run has written. */
export function readPodNote(value: JsonValue | undefined): PodNote | null {
  return noteOf(typeof value === 'string' ? parseObject(value) : null);
}

/** The Pod that the present leader has named, or the last one, if it has not released; otherwise null. */
function leaderPodOf(lease: RawLease): PodNote | null {
  return readPodNote(objectOf(objectOf(lease['metadata'])['annotations'])[podAnnotation]);
}

/** All Pods that may carry the label, the leader's last. */
export function labelledPodsOf(lease: RawLease): PodNote[] {
  const annotations = objectOf(objectOf(lease['metadata'])['annotations']);
  const former = parseObject(textOf(annotations[formerPodsAnnotation]) ?? '') ?? {};
  const notes = Object.values(former).map((each) => noteOf(objectOf(each)));
  return [...notes.slice(-mostFormerPods), leaderPodOf(lease)].filter((note) => note !== null);
}

/** `leader` null: no Pod carries the label but perhaps the former ones. */
export function withLabelledPods(
  lease: RawLease,
  leader: PodNote | null,
  former: readonly PodNote[],
): JsonObject {
  const metadata = objectOf(lease['metadata']);
  const {
    [podAnnotation]: _,
    [formerPodsAnnotation]: __,
    ...others
  } = objectOf(metadata['annotations']);
  const kept = former.slice(-mostFormerPods);
  const byName = kept.map((note) => [`${note.namespace}/${note.name}`, objectOfNote(note)]);
  const annotations = {
    ...others,
    ...(leader && { [podAnnotation]: writePodNote(leader) }),
    ...(kept.length > 0 && { [formerPodsAnnotation]: JSON.stringify(Object.fromEntries(byName)) }),
  };
  return { ...lease, metadata: { ...metadata, annotations } };
}

function objectOfNote({ namespace, name, uid, label }: PodNote): JsonObject {
  return { namespace, name, ...(uid === null ? {} : { uid }), label };
}

function noteOf(note: JsonObject | null): PodNote | null {
  if (note === null) return null;
  const [namespace, name, label] = ['namespace', 'name', 'label'].map((key) => textOf(note[key]));
  if (!namespace || !name || !label) return null;
  if (!nameOfObject.test(namespace) || !nameOfObject.test(name)) return null;
  return { namespace, name, uid: textOf(note['uid']), label };
}
