/** What to log and how: `-q`, `-v` and `--log-level` are three ways to say one thing. */
import type { LogLevel, LogOptions } from './options.ts';
import { parseChoice, parseSwitch, type Parsed, type Reader } from './reader.ts';

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Kubernetes' logging conventions: "the recommended default log level is 2", 4 is "debug level verbosity". */
const klogDebugVerbosity = 4;

/** Reads the flags that say what is logged. */
export function readLogOptions(reader: Reader): LogOptions {
  const format = reader.read('log-format', parseChoice(['text', 'json'] as const), 'text');
  switch (reader.oneOf(['quiet', 'verbose', 'log-level'] as const)) {
    case 'quiet': {
      const quiet = reader.read('quiet', parseSwitch, false);
      return { format, level: quiet ? 'warn' : 'info', quiet };
    }
    case 'verbose':
      return { format, level: reader.read('verbose', parseVerbosity, 'info'), quiet: false };
    case 'log-level':
    case null:
      return { format, level: reader.read('log-level', parseChoice(levels), 'info'), quiet: false };
  }
}

/** `-v`, klog's `-v=4`, or a variable: LEADER_RUN_VERBOSE=1 means on, as people write it. */
function parseVerbosity(text: string): Parsed<LogLevel> {
  if (/^\d+$/.test(text) && text !== '1') {
    return { ok: true, value: Number(text) >= klogDebugVerbosity ? 'debug' : 'info' };
  }
  const parsed = parseSwitch(text);
  if (!parsed.ok)
    return { ok: false, why: 'it must be a whole number, as klog has it, or nothing' };
  return { ok: true, value: parsed.value ? 'debug' : 'info' };
}
