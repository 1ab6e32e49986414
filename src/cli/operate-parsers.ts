/** The values of the flags of what a cluster's operators see. */
import type { Parsed } from './parsers.ts';

/** `[HOST]:PORT`, an IPv6 host in brackets. */
export function parseAddress(
  text: string,
): Parsed<{ readonly host: string | null; readonly port: number }> {
  const [, brackets, plain, port = ''] =
    /^(?:\[([\da-f:.]+)\]|([^\s:[\]/]*)):(\d+)$/i.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535)
    return { ok: false, why: 'expected [HOST]:PORT (examples: :8080, 127.0.0.1:8080, [::1]:8080)' };
  return { ok: true, value: { host: brackets ?? (plain || null), port: Number(port) } };
}

export function parseHealthUrl(text: string): Parsed<URL> {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url === null || !['http:', 'https:'].includes(url.protocol)
    ? { ok: false, why: 'expected an http:// or https:// URL' }
    : { ok: true, value: url };
}

const part = /^[a-z\d](?:[-\w.]{0,61}[a-z\d])?$/i;
const prefix = /^[a-z\d](?:[-a-z\d]*[a-z\d])?(?:\.[a-z\d](?:[-a-z\d]*[a-z\d])?)*$/;

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
export function checkPodLabel(text: string): Parsed<string> {
  const [, before, name = '', value = ''] = /^(?:([^/=]*)\/)?([^/=]*)=([^=]*)$/.exec(text) ?? [];
  const hasPrefix = before === undefined || (before.length <= 253 && prefix.test(before));
  return hasPrefix && part.test(name) && (value === '' || part.test(value))
    ? { ok: true, value: text }
    : {
        ok: false,
        why: 'not a label: write key=value, each of at most 63 letters, digits, "-", "_" and "."',
      };
}
