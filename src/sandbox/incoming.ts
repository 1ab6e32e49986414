/** A Lease on its way in, and what is checked before the stored one is read. */
import { checkMediaType, readLease, type Body, type Read } from './bodies.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { writeOptions, type WriteOptions } from './options.ts';
import { badRequest, type Reply } from './status.ts';

/** A write in a namespace; `name` is the one in the path. */
export interface Write {
  readonly namespace: string;
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: Body;
}

/** A Lease as the client sent it, decoded. */
export interface Incoming {
  readonly metadata: JsonObject;
  readonly spec: JsonObject;
  readonly options: WriteOptions;
}

/** Reads the body of a POST or PUT; `kind` names its options. */
export function receive(request: Omit<Write, 'name'>, kind: string): Read<Incoming> {
  checkMediaType(request.body);
  const options = writeOptions(request.query, kind);
  const { value, warnings } = readLease(request.body, options);
  return { value: incomingOf(value, request.namespace, options), warnings };
}

/** A Lease without a namespace is in that of the path. */
export function incomingOf(object: JsonObject, namespace: string, options: WriteOptions): Incoming {
  const metadata = (object['metadata'] ?? {}) as JsonObject;
  const spec = (object['spec'] ?? {}) as JsonObject;
  return { metadata: { namespace, ...metadata }, spec, options };
}

export function checkNamespace({ metadata }: Incoming, namespace: string): Reply | null {
  if (metadata['namespace'] === namespace) return null;
  return badRequest('metadata.namespace is not the namespace of the path');
}

export function checkName({ metadata }: Incoming, name: string): Reply | null {
  if (metadata['name'] === name) return null;
  return badRequest('metadata.name is not the name in the path');
}

/** A decoded string field; one that is not there is empty. */
export function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
