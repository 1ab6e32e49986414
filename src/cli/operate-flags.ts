/** The flags of what a cluster's operators see: `--http` and what belongs to it, `--events`, `--pod-label`. */
import type { OperateFlags } from './options.ts';
import { parseMaybeInfinite, parseSwitch, type Parsed, type Reader } from './reader.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Null: none of it was asked for. */
export function readOperateFlags(reader: Reader, env: Environment): OperateFlags | null {
  const http = reader.read('http', parseAddress, null);
  const label = reader.read<string | null>('pod-label', checkPodLabel, null);
  const podLabel = label === null ? null : podOf(reader, label, env);
  const url = reader.read('command-health', parseHealthUrl, null);
  const startTimeoutMs = reader.read('command-start-timeout', parseMaybeInfinite, Infinity);
  if (url !== null && http === null && label === null)
    reader.refuse(
      'Cannot use --command-health alone: the answers are for --http and --pod-label: give one of them',
    );
  if (url === null && reader.given('command-start-timeout') !== null)
    reader.refuse('Cannot use --command-start-timeout alone: it is about --command-health');
  const hasEvents = reader.read('events', parseSwitch, false);
  const commandHealth = url === null ? null : { url, startTimeoutMs };
  if (http === null && podLabel === null && !hasEvents) return null;
  return { http, commandHealth, hasEvents, podLabel };
}

function podOf(reader: Reader, label: string, env: Environment): OperateFlags['podLabel'] {
  const { POD_NAME: name, POD_NAMESPACE: namespace, POD_UID: uid } = env;
  if (!name) {
    reader.refuse(
      "Cannot use --pod-label: POD_NAME is not set: declare it in the container's env, from fieldRef metadata.name",
    );
    return null;
  }
  return { label, name, namespace: namespace || null, uid: uid || null };
}

/** `[HOST]:PORT`, an IPv6 host in brackets. */
function parseAddress(text: string): Parsed<OperateFlags['http']> {
  const [, brackets, plain, port = ''] =
    /^(?:\[([\da-f:.]+)\]|([^\s:[\]/]*)):(\d+)$/i.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535)
    return { ok: false, why: 'expected [HOST]:PORT (examples: :8080, 127.0.0.1:8080, [::1]:8080)' };
  return { ok: true, value: { host: brackets ?? (plain || null), port: Number(port) } };
}

function parseHealthUrl(text: string): Parsed<URL | null> {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url === null || !['http:', 'https:'].includes(url.protocol)
    ? { ok: false, why: 'expected an http:// or https:// URL' }
    : { ok: true, value: url };
}

const part = /^[a-z\d](?:[-\w.]{0,61}[a-z\d])?$/i;
const prefix = /^[a-z\d](?:[-a-z\d]*[a-z\d])?(?:\.[a-z\d](?:[-a-z\d]*[a-z\d])?)*$/;

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
function checkPodLabel(text: string): Parsed<string> {
  const [, before, name = '', value = ''] = /^(?:([^/=]*)\/)?([^/=]*)=([^=]*)$/.exec(text) ?? [];
  const hasPrefix = before === undefined || (before.length <= 253 && prefix.test(before));
  return hasPrefix && part.test(name) && (value === '' || part.test(value))
    ? { ok: true, value: text }
    : {
        ok: false,
        why: 'not a label: write key=value, each of at most 63 letters, digits, "-", "_" and "."',
      };
}
