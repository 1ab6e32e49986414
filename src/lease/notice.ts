/** What connecting has to say beside its answers; the log takes it as it is. */
export interface Notice {
  readonly level: 'debug' | 'info' | 'warn';
  /** A fixed name; what varies is in `facts`. */
  readonly event: string;
  /** A sentence without its period. */
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export type OnNotice = (notice: Notice) => void;
