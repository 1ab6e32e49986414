/** What an error thrown by Node or a library says, in one line. */

/** Longest message that is handed on; servers and plugins may answer with pages. */
const messageLimit = 500;

/** Node's error code, if the error has one. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** The message, or that of its first part: a connection tried on several addresses fails with an empty one. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return firstLine(String(error));
  if (error.message === '' && error instanceof AggregateError) return messageOf(error.errors[0]);
  return firstLine(error.message);
}

/** The first line that says something, without control characters and cut where it gets too long. */
export function firstLine(text: string): string {
  const line = text.split('\n').find((part) => part.trim() !== '') ?? '';
  const printable = line.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return printable.length <= messageLimit ? printable : `${printable.slice(0, messageLimit)}…`;
}
