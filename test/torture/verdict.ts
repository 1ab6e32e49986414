/** What the judge of a run comes to. */
export interface Finding {
  readonly rule: string;
  readonly atMs: number;
  readonly text: string;
  /** Why docs/guarantees.md excludes it; null: a violation. */
  readonly excuse: string | null;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  /** How often each rule was applied: one that never was has shown nothing. */
  readonly judged: Readonly<Record<string, number>>;
  readonly undecided: number;
}
