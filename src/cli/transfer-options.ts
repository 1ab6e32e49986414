/** `leader-run transfer LOCK`: out of flags, words and variables. */
import { checkLabel, checkSubdomain } from './names.ts';
import type { CommandLine, TransferOptions } from './options.ts';
import { type Reader, parseMaybeInfinite, parseText } from './reader.ts';

const defaultWaitMs = 60_000;

export function readTransferOptions(
  reader: Reader,
  words: readonly string[],
): CommandLine & { readonly id: 'transfer' } {
  const [lockName = '', surplus] = words;
  if (lockName === '')
    reader.refuse('Cannot transfer a lease: write its name, as in leader-run transfer my-lock');
  if (surplus !== undefined)
    reader.refuse(
      `Cannot transfer more than one lease: ${JSON.stringify(surplus)} is one too many`,
    );
  const name = checkSubdomain(lockName);
  if (!name.ok) reader.refuse(`Cannot use lock name ${JSON.stringify(lockName)}: ${name.why}`);
  const options: TransferOptions = {
    lockName,
    lockNamespace: reader.read<string | null>('lock-namespace', checkLabel, null),
    kubeconfig: reader.read<string | null>('kubeconfig', parseText, null),
    context: reader.read<string | null>('context', parseText, null),
    to: reader.read<string | null>('to', parseText, null),
    waitMs: reader.flag('wait')
      ? reader.read('wait', parseMaybeInfinite, defaultWaitMs)
      : defaultWaitMs,
  };
  return { id: 'transfer', options };
}
