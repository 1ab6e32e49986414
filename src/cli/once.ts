/** `--once` and `--once-per`: which earlier run makes this one needless. */
import type { OnceRule } from '../election/runs.ts';
import { checkKey } from './names.ts';
import { type Reader, parseChoice, parsePositive } from './reader.ts';

export function readOnce(reader: Reader): { readonly once?: OnceRule } {
  const counts = reader.read('once-at', parseChoice(['success', 'start'] as const), 'success');
  switch (reader.oneOf(['once', 'once-per'] as const)) {
    case 'once':
      return { once: { id: 'key', key: reader.read('once', checkKey, ''), counts } };
    case 'once-per':
      return {
        once: { id: 'period', periodMs: reader.read('once-per', parsePositive, 0), counts },
      };
    case null: {
      const origin = reader.given('once-at')?.origin;
      if (origin !== undefined)
        reader.refuse(`Cannot use ${origin} alone: it says what counts for --once or --once-per`);
      return {};
    }
  }
}
