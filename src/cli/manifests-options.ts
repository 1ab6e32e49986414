/** `leader-run manifests [flags of a run]`: the flags are checked as in a run, and become the variables of its container. */
import { envVarOf } from './flag.ts';
import { envVarNames } from './flags.ts';
import type { SubcommandLine } from './programs.ts';
import { runOptionsOf } from './run-options.ts';
import { notForPods } from './subcommand-flags.ts';

/** The settings are by the names of their variables. `ownNamespace` is that of the credentials, as for kubectl. */
export function manifestsOptionsOf(
  { flags, words: command, texts }: SubcommandLine & { readonly id: 'manifests' },
  ownNamespace: string,
) {
  // In the Pod there will be a name of it and a command, perhaps the image's own.
  const words = command.length === 0 ? ['true'] : command;
  const { options: run, refusal } = runOptionsOf(flags, words, 'pod', { POD_NAME: 'pod' });
  if (refusal !== null) return { id: 'refused', message: refusal } as const;
  const settings = Object.entries(texts)
    .filter(([name]) => !notForPods.includes(name))
    .map(([name, text]): [string, string] => [envVarOf(name), text])
    .filter(([name]) => envVarNames.has(name));
  return {
    id: 'options' as const,
    options: {
      lockName: run.lockName,
      namespace: flags.lockNamespace ?? ownNamespace,
      image: flags.image,
      settings: Object.fromEntries(settings),
      command,
      gracePeriodMs: run.settings.gracePeriodMs,
      lostExitCode: flags.lostExitCode,
      httpPort: run.operate?.http?.port ?? null,
      hasEvents: flags.events,
      hasPodLabel: flags.podLabel !== null,
      hasFlowSchema: flags.flowSchema,
      schedule: flags.cron,
    },
  };
}
