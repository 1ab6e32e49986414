/** What a cluster's operators are to see: `--http` and what belongs to it, `--events`, `--pod-label`. */
import type { FlagValues } from './flag.ts';
import type { operateFlags } from './flags.ts';
import type { OperateOptions } from './options.ts';

type OperateFlags = FlagValues<typeof operateFlags>;

type Environment = Readonly<Record<string, string | undefined>>;

/** What the flags ask for; null: none of it. To be used only if there is no {@link operateProblem}. */
export function operateOptionsOf(flags: OperateFlags, env: Environment): OperateOptions | null {
  const { http, commandHealth: url, commandStartTimeout, events: hasEvents, podLabel } = flags;
  if (http === null && podLabel === null && !hasEvents) return null;
  return {
    http,
    commandHealth: url && { url, startTimeoutMs: commandStartTimeout ?? Infinity },
    hasEvents,
    podLabel: podLabel === null ? null : podOf(podLabel, env),
  };
}

function podOf(label: string, env: Environment): OperateOptions['podLabel'] {
  const { POD_NAME: name = '', POD_NAMESPACE: namespace, POD_UID: uid } = env;
  return { label, name, namespace: namespace || null, uid: uid || null };
}

/** What makes no sense together or in this environment; null: nothing. */
export function operateProblem(flags: OperateFlags, env: Environment): string | null {
  const { http, commandHealth, commandStartTimeout, podLabel } = flags;
  if (podLabel !== null && !env['POD_NAME'])
    return "Cannot use --pod-label: POD_NAME is not set: declare it in the container's env, from fieldRef metadata.name";
  if (commandHealth !== null && http === null && podLabel === null)
    return 'Cannot use --command-health alone: the answers are for --http and --pod-label: give one of them';
  return commandHealth === null && commandStartTimeout !== null
    ? 'Cannot use --command-start-timeout alone: it is about --command-health'
    : null;
}
