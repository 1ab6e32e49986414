/**
 * Makes answers of two servers comparable: what each chooses for itself is replaced by what it means.
 *
 * - resourceVersions by their order of size among those of the same objects (rv1 < rv2), those of lists and bookmarks by
 *   the highest that they must not be below;
 * - uids by the order of their first appearance;
 * - creation times by "<time>", generated name suffixes by "<suffix>";
 * - managedFields, which the sandbox does not keep, by nothing;
 * - sentences for people, of a Status and of its causes, by nothing: code, reason, details and fields say the same. A cause that
 *   differs from another by its sentence alone is dropped.
 */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const mark = /⟦(\d+)⟧/g;
const uidForm = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** What is known within one transcript. */
export class Normaliser {
  readonly #uids = new Map<string, string>();
  readonly #revisions = new Set<number>();

  /** One line for one piece of a transcript. Revisions are still marked: see {@link finish}. */
  line(value: unknown): string {
    return JSON.stringify(this.#value(value as Json));
  }

  /** Replaces the marked revisions, now that all are known. */
  finish(lines: readonly string[]): string[] {
    const ranked = [...this.#revisions].sort((a, b) => a - b);
    return lines.map((line) =>
      line.replace(mark, (_, text: string) => `rv${ranked.indexOf(Number(text)) + 1}`),
    );
  }

  /** A path, in which revisions that were seen are marked. */
  path(text: string): string {
    return text.replace(/(?<=resourceVersion=)\d+/, (digits) => this.#known(digits) ?? digits);
  }

  #value(value: Json): Json {
    if (typeof value === 'string') return this.#text(value);
    if (Array.isArray(value)) return value.map((item: Json) => this.#value(item));
    if (typeof value !== 'object' || value === null) return value;
    const object = value as { readonly [key: string]: Json };
    const isOfMany = object['kind'] === 'LeaseList' || object['type'] === 'BOOKMARK';
    const entries = Object.entries(object)
      .filter(([key]) => key !== 'managedFields' && !(key === 'message' && isForPeople(object)))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]): [string, Json] => [key, this.#field(key, item, isOfMany)]);
    return Object.fromEntries(entries);
  }

  #field(key: string, value: Json, isOfMany: boolean): Json {
    if (key === 'resourceVersion' && typeof value === 'string') return this.#revision(value);
    if (key === 'creationTimestamp') return value === null ? null : '<time>';
    if (key === 'metadata' && isOfMany) return this.#collectionMetadata(value);
    if (key === 'causes' && Array.isArray(value)) return withoutRepeats(this.#value(value));
    if (key === 'object' && isOfMany) {
      const { metadata, ...rest } = value as { readonly [key: string]: Json };
      return { ...rest, metadata: this.#collectionMetadata(metadata ?? null) };
    }
    return this.#value(value);
  }

  #collectionMetadata(metadata: Json): Json {
    const { resourceVersion, ...rest } = metadata as { readonly [key: string]: Json };
    const known = Math.max(0, ...this.#revisions);
    const isBelow = Number(resourceVersion) < known;
    const bound = known === 0 ? 'any' : `${isBelow ? 'below' : 'at least'} ${this.#mark(known)}`;
    return { ...(this.#value(rest) as object), resourceVersion: bound };
  }

  #revision(text: string): string {
    if (!/^\d+$/.test(text)) return text;
    this.#revisions.add(Number(text));
    return this.#mark(Number(text));
  }

  #known(digits: string): string | null {
    return this.#revisions.has(Number(digits)) ? this.#mark(Number(digits)) : null;
  }

  #mark(revision: number): string {
    return `⟦${revision}⟧`;
  }

  #text(text: string): string {
    return text
      .replace(uidForm, (uid) => {
        if (!this.#uids.has(uid)) this.#uids.set(uid, `uid${this.#uids.size + 1}`);
        return this.#uids.get(uid) ?? '';
      })
      .replace(/\bgenerated-[a-z0-9]{5}\b/g, 'generated-<suffix>');
  }
}

/** A Status, or one of its causes. */
function isForPeople(object: { readonly [key: string]: Json }): boolean {
  return object['kind'] === 'Status' || 'reason' in object;
}

function withoutRepeats(value: Json): Json {
  const texts = (value as readonly Json[]).map((item) => JSON.stringify(item));
  return [...new Set(texts)].map((text) => JSON.parse(text) as Json);
}
