/** The annotation by which a leader names the Pod that carries its label, so that the next leader can take it off a crashed one. */
import type { JsonValue } from '../json.ts';
import { parseObject, textOf } from '../json.ts';

export const podAnnotation = 'leader-run/pod';

export interface PodNote {
  readonly namespace: string;
  readonly name: string;
  /** null: not known. */
  readonly uid: string | null;
  /** key=value */
  readonly label: string;
}

export function writePodNote(note: PodNote): string {
  const { namespace, name, uid, label } = note;
  return JSON.stringify({ namespace, name, ...(uid === null ? {} : { uid }), label });
}

/** Null for anything that no leader-run has written. */
export function readPodNote(value: JsonValue | undefined): PodNote | null {
  const note = typeof value === 'string' ? parseObject(value) : null;
  if (note === null) return null;
  const [namespace, name, label] = ['namespace', 'name', 'label'].map((key) => textOf(note[key]));
  if (!namespace || !name || !label) return null;
  return { namespace, name, uid: textOf(note['uid']), label };
}
