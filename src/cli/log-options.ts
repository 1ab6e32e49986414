/** What to log and how: `-q`, `-v` and `--log-level` are three ways to say one thing. */
import type { FlagValues } from './flag.ts';
import type { logFlags } from './flags.ts';
import type { LogOptions } from './options.ts';

/** What the flags about the log come to. */
export function logOptionsOf(values: FlagValues<typeof logFlags>): LogOptions {
  const { quiet, verbose, logLevel, logFormat: format } = values;
  return { format, level: quiet ? 'warn' : verbose ? 'debug' : logLevel };
}
