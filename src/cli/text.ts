/** Text from elsewhere made fit for one line that a person reads. */

const longestName = 256;
const longestMessage = 600;

/** A name in quotes; escapes included, so that a foreign record cannot break the line. */
export function quote(name: string): string {
  return JSON.stringify(shorten(name, longestName));
}

/** The first part of someone else's message, without a period at its end. */
export function phrase(message: string): string {
  return shorten(message.trim(), longestMessage).replace(/\.$/, '');
}

/** No line breaks, no escape sequences, no characters that turn the writing direction. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]+/gu, (found) =>
    /^\s+$/.test(found) ? ' ' : `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

function shorten(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
