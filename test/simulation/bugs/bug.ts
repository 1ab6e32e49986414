import type { Stage } from './stages.ts';

/** A bug as a change to the sources, made in a copy of them. */
export interface Bug {
  /** As a file name. */
  readonly id: string;
  readonly what: string;
  /** The invariant that it breaks, by the judge's name for it. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
  /** Fewer than one seed in 2,000 finds it, but this one does. */
  readonly rareSeed?: string;
  /** The same, and this scenario does, whatever the seed changes in it. */
  readonly stage?: Stage;
}

export interface Edit {
  /** From the top of the project. */
  readonly file: string;
  /** Has to be there exactly once. */
  readonly search: string;
  readonly replace: string;
}

/** The text with the edit made. */
export function applyEdit(text: string, { file, search, replace }: Edit): string {
  const parts = text.split(search);
  if (parts.length !== 2) {
    const found = parts.length - 1;
    throw new Error(`Cannot change ${file} as this is there ${found} times, not once: ${search}`);
  }
  return parts.join(replace);
}
