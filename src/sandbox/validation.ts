/** What the API server demands of a Lease. */
import type { JsonObject, JsonValue } from '../json.ts';
import type { FieldError } from './status.ts';

const subdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const namePart = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const maxSubdomainLength = 253;
const maxLabelLength = 63;
const maxAnnotationsBytes = 262_144;

/** All that is wrong with a Lease, in the server's order: metadata first. `immutable`: what a change may not change. */
export function validateLease(
  metadata: JsonObject,
  spec: JsonObject,
  immutable: readonly FieldError[] = [],
): FieldError[] {
  const ofName = validateName(metadata['name']);
  return [...ofName, ...validateMaps(metadata), ...immutable, ...validateSpec(spec)];
}

export function invalidField(field: string, message: string): FieldError {
  return { field, reason: 'FieldValueInvalid', message };
}

function validateName(name: JsonValue | undefined): FieldError[] {
  const field = 'metadata.name';
  if (typeof name !== 'string' || name === '')
    return [{ field, reason: 'FieldValueRequired', message: 'name or generateName is required' }];
  return isSubdomain(name)
    ? []
    : [invalidField(field, `${JSON.stringify(name)} is not an RFC 1123 subdomain`)];
}

function validateMaps({ labels, annotations }: JsonObject): FieldError[] {
  const field = 'metadata.annotations';
  const message = `they must have at most ${maxAnnotationsBytes} bytes`;
  const found = [
    ...entries(labels).flatMap(([key, value]) => [
      ...keyErrors('metadata.labels', key),
      ...labelErrors(value),
    ]),
    ...entries(annotations).flatMap(([key]) => keyErrors(field, key.toLowerCase())),
  ];
  const bytes = entries(annotations).map(([key, value]) => Buffer.byteLength(key + value));
  return bytes.reduce((sum, count) => sum + count, 0) > maxAnnotationsBytes
    ? [...found, { field, reason: 'FieldValueTooLong', message }]
    : found;
}

function validateSpec({ leaseDurationSeconds, leaseTransitions }: JsonObject): FieldError[] {
  return [
    ...(typeof leaseDurationSeconds === 'number' && leaseDurationSeconds <= 0
      ? [invalidField('spec.leaseDurationSeconds', 'it must be greater than 0')]
      : []),
    ...(typeof leaseTransitions === 'number' && leaseTransitions < 0
      ? [invalidField('spec.leaseTransitions', 'it must be at least 0')]
      : []),
  ];
}

/** Labels and annotations are decoded as maps of strings. */
function entries(map: JsonValue | undefined): [string, string][] {
  return Object.entries((map ?? {}) as Record<string, string>);
}

/** The key of a label or an annotation: a name, perhaps behind a domain. */
function keyErrors(field: string, key: string): FieldError[] {
  const [name = '', prefix, ...more] = key.split('/').reverse();
  const isKey = isLabel(name) && (prefix === undefined || isSubdomain(prefix)) && more.length === 0;
  return isKey ? [] : [invalidField(field, `${JSON.stringify(key)} is not a qualified name`)];
}

function labelErrors(value: string): FieldError[] {
  if (value === '' || isLabel(value)) return [];
  return [invalidField('metadata.labels', `${JSON.stringify(value)} is not a label`)];
}

function isLabel(text: string): boolean {
  return text.length <= maxLabelLength && namePart.test(text);
}

function isSubdomain(text: string): boolean {
  return text.length <= maxSubdomainLength && subdomain.test(text);
}
