/** `leader-run manifests [flags of a run]`: the flags are checked as in a run, and become the variables of its container. */
import { envVarOf, flagsWithEnvVar } from './flags.ts';
import type { ManifestsOptions } from './options.ts';
import { parseSwitch, parseText, type Reader } from './reader.ts';
import { readRunOptions } from './run-options.ts';

/** Which cluster and who: in a Pod that follows from where it is. */
const notForPods: readonly string[] = ['kubeconfig', 'context', 'id', 'lock-namespace'];

/** Reads the options; to be used only if `reader.refusal` is null. */
export function readManifestsOptions(reader: Reader, command: readonly string[]): ManifestsOptions {
  // In the Pod there will be a name of it and a command, perhaps the image's own.
  const run = readRunOptions(reader, 'pod', command.length === 0 ? ['true'] : command, {
    POD_NAME: 'pod',
  });
  const given = flagsWithEnvVar.flatMap(({ name }): [string, string][] => {
    const text = reader.given(name)?.text;
    return text === undefined || notForPods.includes(name) ? [] : [[envVarOf(name), text]];
  });
  return {
    lockName: run.lockName,
    namespace: run.lockNamespace ?? 'default',
    image: reader.read('image', parseText, 'registry.example/worker'),
    settings: Object.fromEntries(given),
    command,
    gracePeriodMs: run.settings.gracePeriodMs,
    lostExitCode: run.lostExitCode,
    httpPort: run.operate?.http?.port ?? null,
    hasEvents: run.operate?.hasEvents ?? false,
    hasPodLabel: (run.operate?.podLabel ?? null) !== null,
    hasFlowSchema: reader.read('flow-schema', parseSwitch, false),
    schedule: reader.read<string | null>('cron', parseText, null),
  };
}
