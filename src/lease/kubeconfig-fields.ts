/**
 * The fields of a kubeconfig and their types, https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/. What is of another type
 * is refused, as kubectl does; what is not known is passed over.
 */
import type { JsonObject, JsonValue } from '../json.ts';
import { isYamlObject, jsonOf, PlainScalar, type YamlObject, type YamlValue } from './yaml.ts';

/** Reads one value. Throws an error that names `path` and quotes no value that may be secret. */
type Reader = (value: Exclude<YamlValue, null>, path: string) => JsonValue;

/** One document, with what it has of the fields that are known. Throws an error that names what is wrong. */
export function readFields(document: YamlValue): JsonObject {
  if (document === null) return {};
  if (!isYamlObject(document))
    throw new Error('it is not a kubeconfig: the top level is not a mapping');
  expect(document, 'kind', 'Config');
  expect(document, 'apiVersion', 'v1');
  return config(document, '') as JsonObject;
}

function expect(document: YamlObject, key: string, expected: string): void {
  const value = document[key];
  if (value === undefined || value === null || value === '' || value === expected) return;
  const shown = typeof value === 'string' ? `"${value}"` : 'not text';
  throw new Error(`it is not a kubeconfig: ${key} is ${shown}: it must be "${expected}"`);
}

const text: Reader = (value, path) => {
  if (typeof value === 'string') return value;
  const isScalar = value instanceof PlainScalar;
  throw new Error(`${path} must be text${isScalar ? ': put its value into quotes' : ''}`);
};

/** A name is the text as it is written, also where it looks like something else. */
const name: Reader = (value, path) =>
  value instanceof PlainScalar ? value.text : text(value, path);

const flag: Reader = (value, path) => {
  if (value instanceof PlainScalar && typeof value.value === 'boolean') return value.value;
  const shown = value instanceof PlainScalar ? value.text : value;
  const isShown = typeof shown === 'string';
  throw new Error(`${path} ${isShown ? `is "${shown}": it ` : ''}must be true or false`);
};

/** As Go reads it: padded, and line breaks are passed over. */
const base64: Reader = (value, path) => {
  const data = (text(value, path) as string).replaceAll(/[\r\n]/g, '');
  if (/^(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?$/.test(data) && !data.includes('_')) return data;
  throw new Error(`${path} must be base64`);
};

const anything: Reader = (value) => jsonOf(value);

function list(item: Reader): Reader {
  return (value, path) => {
    if (!Array.isArray(value)) throw new Error(`${path} must be a list`);
    return (value as readonly YamlValue[]).map((each, index) =>
      // Go takes the empty value of the type, which is '' or {}.
      each === null ? emptyOf(item, path) : item(each, `${path}[${index}]`),
    );
  };
}

function emptyOf(item: Reader, path: string): JsonValue {
  return item === text ? '' : item({}, path);
}

function mapping(fields: Readonly<Record<string, Reader>> | Reader): Reader {
  return (value, path) => {
    if (!isYamlObject(value)) throw new Error(`${path} must be a mapping`);
    const entries = Object.entries(value).flatMap(([key, each]) => {
      const reader = typeof fields === 'function' ? fields : fields[key];
      if (reader === undefined || each === null) return [];
      return [[key, reader(each, path === '' ? key : `${path}.${key}`)] as const];
    });
    return Object.fromEntries(entries);
  };
}

const extensions = list(mapping({ name, extension: anything }));

const cluster = mapping({
  server: text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': text,
  'certificate-authority-data': base64,
  'proxy-url': text,
  'disable-compression': flag,
  extensions,
});

const exec = mapping({
  command: text,
  args: list(text),
  env: list(mapping({ name: text, value: text })),
  apiVersion: text,
  installHint: text,
  provideClusterInfo: flag,
  interactiveMode: text,
});

const user = mapping({
  'client-certificate': text,
  'client-certificate-data': base64,
  'client-key': text,
  'client-key-data': base64,
  token: text,
  tokenFile: text,
  as: text,
  'as-uid': text,
  'as-groups': list(text),
  'as-user-extra': mapping(list(text)),
  username: text,
  password: text,
  'auth-provider': mapping({ name: text, config: mapping(text) }),
  exec,
});

const context = mapping({ cluster: name, user: name, namespace: name });

const config = mapping({
  'current-context': name,
  clusters: list(mapping({ name, cluster })),
  users: list(mapping({ name, user })),
  contexts: list(mapping({ name, context })),
});
