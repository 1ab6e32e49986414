/** What one line of a watch stream means. */
import type { RawLease } from '../election/lease.ts';
import { isLease } from './answer.ts';
import { firstLine } from './errors.ts';
import { type JsonObject, objectOf, parseObject, textOf } from '../json.ts';

export type WatchFrame =
  | {
      readonly id: 'changed' | 'deleted';
      readonly lease: RawLease;
      readonly resourceVersion: string;
    }
  /** Nothing happened up to here. */
  | { readonly id: 'bookmark'; readonly resourceVersion: string }
  /** Of another object, or of a type that we do not know. */
  | { readonly id: 'ignored' }
  /** The resourceVersion from which we watch is no longer kept. */
  | { readonly id: 'expired' }
  | { readonly id: 'error'; readonly status: number; readonly message: string }
  | { readonly id: 'malformed'; readonly message: string };

/** Reads one line of the watch on the Lease called `name`. */
export function readWatchEvent(line: string, name: string): WatchFrame {
  const event = parseObject(line);
  if (event === null) {
    const message = `a watch event is not a JSON object: "${firstLine(line).slice(0, 60)}"`;
    return { id: 'malformed', message };
  }
  const object = objectOf(event['object']);
  const metadata = objectOf(object['metadata']);
  const resourceVersion = textOf(metadata['resourceVersion']);
  switch (textOf(event['type'])) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED': {
      if (metadata['name'] !== name) return { id: 'ignored' };
      if (!isLease(object) || resourceVersion === null)
        return { id: 'malformed', message: 'a watch event carries no Lease' };
      const id = event['type'] === 'DELETED' ? 'deleted' : 'changed';
      return { id, lease: object, resourceVersion };
    }
    case 'BOOKMARK':
      return resourceVersion === null ? { id: 'ignored' } : { id: 'bookmark', resourceVersion };
    case 'ERROR':
      return readError(object);
    case null:
    default:
      return { id: 'ignored' };
  }
}

function readError(status: JsonObject): WatchFrame {
  const code = typeof status['code'] === 'number' ? status['code'] : 500;
  if (code === 410) return { id: 'expired' };
  return {
    id: 'error',
    status: code,
    message: firstLine(textOf(status['message']) ?? 'watch error'),
  };
}
