/** Names as the API server takes them, checked before a URL is built of them. */
import type { Parsed } from './parsers.ts';

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const subdomain = new RegExp(String.raw`^${label}(?:\.${label})*$`);
const wholeLabel = new RegExp(`^${label}$`);

/** A Lease's name: an RFC 1123 subdomain. */
export function checkSubdomain(text: string): Parsed<string> {
  if (text.length <= 253 && subdomain.test(text)) return { ok: true, value: text };
  return {
    ok: false,
    why: 'not a valid RFC 1123 subdomain: use at most 253 of a-z, 0-9, "-" and ".", with a letter or digit at both ends of each part',
  };
}

/** A namespace's name: an RFC 1123 label. */
export function checkLabel(text: string): Parsed<string> {
  if (text.length <= 63 && wholeLabel.test(text)) return { ok: true, value: text };
  return {
    ok: false,
    why: 'not a valid RFC 1123 label: use at most 63 of a-z, 0-9 and "-", with a letter or digit at both ends',
  };
}

/** The API server sets no limit of its own; this keeps the record, the annotation and LEADER_RUN_IDENTITY in bounds. */
const longestIdentityBytes = 1_024;

/** As long as the longest name of an object; ten of them have to fit into an annotation. */
const longestKeyBytes = 253;

/** What `--once` tells runs apart by. */
export function checkKey(text: string): Parsed<string> {
  if (text === '') return { ok: false, why: 'it is empty: give a value or leave it out' };
  return checkText(text, longestKeyBytes);
}

function checkText(text: string, mostBytes: number): Parsed<string> {
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes)
    return { ok: false, why: `it is too long: ${bytes} bytes, at most ${mostBytes} are allowed` };
  // Node.js reads bytes that are not UTF-8 as this one, so that different texts would be the same.
  if (text.includes('\ufffd'))
    return { ok: false, why: 'it holds U+FFFD, which stands for bytes that are not UTF-8' };
  // What turns or breaks a line would make one text look like another; half a pair of UTF-16 is stored as another.
  const [unfit] = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/u.exec(text) ?? [];
  if (unfit === undefined) return { ok: true, value: text };
  const code = (unfit.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return { ok: false, why: `it holds a control character (U+${code})` };
}

/** A holder identity. */
export function checkIdentity(text: string): Parsed<string> {
  if (text.trim() === '')
    return { ok: false, why: 'it is empty: an empty holder means that no one leads' };
  const checked = checkText(text, longestIdentityBytes);
  if (!checked.ok) return checked;
  const unexpanded = /\$\([^)]*\)/.exec(text)?.[0];
  if (unexpanded !== undefined) {
    return {
      ok: false,
      why: `${unexpanded} was not expanded, so that every replica would have the same identity: declare that variable in the container's env`,
    };
  }
  return { ok: true, value: text };
}
