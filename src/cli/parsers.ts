/** Texts of flags and variables made into values. Each parser says why it refuses a text. */
import { parseDuration } from './durations.ts';

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** Any text but the empty one. */
export function parseText(text: string): Parsed<string> {
  return text === ''
    ? { ok: false, why: 'it is empty: give a value or leave it out' }
    : { ok: true, value: text };
}

/** As Go's strconv.ParseBool, which its flags use. */
export function parseSwitch(text: string): Parsed<boolean> {
  if (/^(?:1|t|true)$/i.test(text)) return { ok: true, value: true };
  if (/^(?:0|f|false)$/i.test(text)) return { ok: true, value: false };
  return { ok: false, why: 'expected true or false' };
}

/** Kubernetes' logging conventions: "the recommended default log level is 2", 4 is "debug level verbosity". */
const klogDebugVerbosity = 4;

/** A switch that also takes klog's numbers. 1 means on, as people write it in LEADER_RUN_VERBOSE. */
export function parseVerbosity(text: string): Parsed<boolean> {
  if (/^\d+$/.test(text) && text !== '1') {
    return { ok: true, value: Number(text) >= klogDebugVerbosity };
  }
  const parsed = parseSwitch(text);
  return parsed.ok
    ? parsed
    : { ok: false, why: 'it must be a whole number, as klog has it, or nothing' };
}

/** A whole number between two others, both allowed. */
export function parseWhole(least: number, most: number): (text: string) => Parsed<number> {
  return (text) => {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= least && value <= most
      ? { ok: true, value }
      : { ok: false, why: `it must be a whole number from ${least} to ${most}` };
  };
}

/** One of a few words. */
export function parseChoice<const T extends string>(
  choices: readonly T[],
): (text: string) => Parsed<T> {
  return (text) => {
    const value = choices.find((choice) => choice === text.toLowerCase());
    if (value !== undefined) return { ok: true, value };
    const others = choices.slice(0, -1).join(', ');
    return { ok: false, why: `it must be ${others} or ${choices.at(-1) ?? ''}` };
  };
}

/** The same as a part of a flag: what it takes, and what shells offer. */
export function choice<const T extends string>(choices: readonly T[]) {
  return { parse: parseChoice(choices), completes: choices };
}

/** A duration of more than nothing, in ms. */
export function parsePositive(text: string): Parsed<number> {
  const parsed = parseDuration(text);
  if (!parsed.ok) return parsed;
  return parsed.ms > 0
    ? { ok: true, value: parsed.ms }
    : { ok: false, why: 'it must be more than 0' };
}

/** A duration that may be 0, in ms. */
export function parseNotNegative(text: string): Parsed<number> {
  const parsed = parseDuration(text);
  if (!parsed.ok) return parsed;
  return parsed.ms >= 0
    ? { ok: true, value: parsed.ms }
    : { ok: false, why: 'it must not be negative' };
}

/** A duration that may be 0 or `infinity`, in ms. */
export function parseMaybeInfinite(text: string): Parsed<number> {
  return text === 'infinity' ? { ok: true, value: Infinity } : parseNotNegative(text);
}

/** A duration of more than nothing that may be `infinity`, in ms. */
export function parseMaybeInfinitePositive(text: string): Parsed<number> {
  return text === 'infinity' ? { ok: true, value: Infinity } : parsePositive(text);
}

/** leaseDurationSeconds is an int32. */
const longestLeaseDurationMs = (2 ** 31 - 1) * 1_000;

/** A lease duration as the API server can store it, in ms. */
export function parseLeaseDuration(text: string): Parsed<number> {
  const parsed = parsePositive(text);
  if (!parsed.ok) return parsed;
  if (parsed.value % 1_000 !== 0) {
    return { ok: false, why: 'it must be whole seconds: the API server stores no fractions' };
  }
  return parsed.value <= longestLeaseDurationMs
    ? parsed
    : {
        ok: false,
        why: `it must be at most ${longestLeaseDurationMs / 1_000}s, the most that the API server stores`,
      };
}
