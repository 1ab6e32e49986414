/** What the API server demands of a Lease, with its error texts. */
import type { JsonObject, JsonValue } from '../json.ts';
import type { FieldError } from './status.ts';

const namePart =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelKey =
  "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const labelValue =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const subdomainForm = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const namePartForm = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const maxSubdomainLength = 253;
const maxLabelLength = 63;
const maxAnnotationsBytes = 262_144;

/** All that is wrong with a Lease, in the server's order: metadata first. */
export function validateLease(metadata: JsonObject, spec: JsonObject): FieldError[] {
  return [...validateName(metadata['name']), ...validateMaps(metadata), ...validateSpec(spec)];
}

/** The same for a change: what is wrong with the metadata is found by three validations there, and named three times. */
export function validateChange(
  metadata: JsonObject,
  spec: JsonObject,
  immutable: readonly FieldError[],
): FieldError[] {
  const found = [...validateMaps(metadata), ...immutable];
  return [...found, ...found, ...validateLease(metadata, spec)];
}

function validateMaps(metadata: JsonObject): FieldError[] {
  return [...validateLabels(metadata['labels']), ...validateAnnotations(metadata['annotations'])];
}

function invalidValue(field: string, value: JsonValue, why: string): FieldError {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  return { field, reason: 'FieldValueInvalid', message };
}

function validateName(name: JsonValue | undefined): FieldError[] {
  const field = 'metadata.name';
  if (typeof name !== 'string' || name === '') {
    const message = 'Required value: name or generateName is required';
    return [{ field, reason: 'FieldValueRequired', message }];
  }
  const found: FieldError[] = [];
  if (name.length > maxSubdomainLength) {
    found.push(invalidValue(field, name, `must be no more than ${maxSubdomainLength} characters`));
  }
  if (!subdomainForm.test(name)) found.push(invalidValue(field, name, subdomain));
  return found;
}

function validateLabels(labels: JsonValue | undefined): FieldError[] {
  const field = 'metadata.labels';
  return entries(labels).flatMap(([key, value]) => [
    ...keyFaults(key).map((why) => invalidValue(field, key, why)),
    ...labelValueFaults(value).map((why) => invalidValue(field, value, why)),
  ]);
}

function validateAnnotations(annotations: JsonValue | undefined): FieldError[] {
  const field = 'metadata.annotations';
  const found = entries(annotations).flatMap(([key]) =>
    keyFaults(key.toLowerCase()).map((why) => invalidValue(field, key, why)),
  );
  const bytes = entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (bytes > maxAnnotationsBytes) {
    const message = `Too long: may not be more than ${maxAnnotationsBytes} bytes`;
    found.push({ field, reason: 'FieldValueTooLong', message });
  }
  return found;
}

function validateSpec(spec: JsonObject): FieldError[] {
  const found: FieldError[] = [];
  const { leaseDurationSeconds, leaseTransitions } = spec;
  if (typeof leaseDurationSeconds === 'number' && leaseDurationSeconds <= 0) {
    found.push(
      invalidValue('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'),
    );
  }
  if (typeof leaseTransitions === 'number' && leaseTransitions < 0) {
    found.push(
      invalidValue('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'),
    );
  }
  return found;
}

/** Labels and annotations are decoded as maps of strings. */
function entries(map: JsonValue | undefined): [string, string][] {
  return Object.entries((map ?? {}) as Record<string, string>);
}

/** What is wrong with the key of a label or an annotation. */
function keyFaults(key: string): string[] {
  const parts = key.split('/');
  if (parts.length > 2) return [labelKey];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const faults: string[] = [];
  if (prefix === '') faults.push('prefix part must be non-empty');
  else if (prefix !== undefined && !subdomainForm.test(prefix)) {
    faults.push(`prefix part ${subdomain}`);
  }
  if (name === '') faults.push('name part must be non-empty');
  else if (name.length > maxLabelLength) {
    faults.push(`name part must be no more than ${maxLabelLength} bytes`);
  }
  if (!namePartForm.test(name)) faults.push(namePart);
  return faults;
}

/** What is wrong with the value of a label. */
function labelValueFaults(value: string): string[] {
  const faults: string[] = [];
  if (value.length > maxLabelLength) {
    faults.push(`must be no more than ${maxLabelLength} bytes`);
  }
  if (value !== '' && !namePartForm.test(value)) faults.push(labelValue);
  return faults;
}
