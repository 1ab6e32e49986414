/** `leader-run sandbox [flags] [--] [command]`: the embedded Lease API. */
import type { SandboxOptions } from './options.ts';
import { parseText, parseWhole, type Reader } from './reader.ts';

/** Reads the options of the sandbox; to be used only if `reader.refusal` is null. */
export function readSandboxOptions(reader: Reader, command: readonly string[]): SandboxOptions {
  const [program, ...rest] = command;
  return {
    port: reader.read('port', parseWhole(0, 65_535), 0),
    kubeconfig: reader.read<string | null>('kubeconfig', parseText, null),
    command: program === undefined ? null : [program, ...rest],
  };
}
