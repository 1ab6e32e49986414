/** A Lease on its way in, and what is checked before the stored one is read. */
import { readLease, unsupportedMediaType, type Body, type Read } from './bodies.ts';
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
  const mediaFault = unsupportedMediaType(request.body);
  if (mediaFault !== null) return { id: 'refused', reply: mediaFault };
  const chosen = writeOptions(request.query, kind);
  if (chosen.id === 'refused') return chosen;
  const read = readLease(request.body, chosen.options);
  return read.id === 'refused'
    ? read
    : { ...read, value: incomingOf(read.value, request.namespace, chosen.options) };
}

/** A Lease without a namespace is in that of the path. */
export function incomingOf(object: JsonObject, namespace: string, options: WriteOptions): Incoming {
  const metadata = (object['metadata'] ?? {}) as JsonObject;
  const spec = (object['spec'] ?? {}) as JsonObject;
  return { metadata: { namespace, ...metadata }, spec, options };
}

export function checkNamespace({ metadata }: Incoming, namespace: string): Reply | null {
  if (metadata['namespace'] === namespace) return null;
  const message =
    'the namespace of the provided object does not match the namespace sent on the request';
  return badRequest(message);
}

export function checkName({ metadata }: Incoming, name: string): Reply | null {
  const given = text(metadata['name']);
  if (given === name) return null;
  return badRequest(
    given === ''
      ? `the name of the object (${name} based on URL) was undeterminable: name must be provided`
      : `the name of the object (${given}) does not match the name on the URL (${name})`,
  );
}

/** A decoded string field; one that is not there is empty. */
export function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
