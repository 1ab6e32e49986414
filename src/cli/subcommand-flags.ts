/** The flags of the sub-commands. */
import type { Flags } from './flag.ts';
import { connectionFlags, helpFlags, leaseFlags, others, runFlags } from './flags.ts';
import { choice, parseMaybeInfinite, parseSwitch, parseText, parseWhole } from './parsers.ts';

const onOff = { parse: parseSwitch, default: false, group: others, hasVariable: false } as const;

/**
 * Flags of `leader-run sandbox`. They have no variables: LEADER_RUN_KUBECONFIG names the file that leader-run reads and the
 * sandbox would write it, and a Service called "leader-run" makes Kubernetes set LEADER_RUN_PORT.
 */
export const sandboxFlags = {
  port: {
    value: 'N',
    parse: parseWhole(0, 65_535),
    default: 0,
    defaultText: 'a free one',
    help: 'port of the loopback address',
    group: others,
    hasVariable: false,
  },
  kubeconfig: {
    value: 'FILE',
    parse: parseText,
    defaultText: 'a temporary file',
    help: 'where to write the kubeconfig',
    completes: 'files',
    group: others,
    hasVariable: false,
  },
  ...helpFlags,
} as const satisfies Flags;

/** Flags of `leader-run transfer LOCK`. `--wait` has no variable here: LEADER_RUN_WAIT is about a run. */
export const transferFlags = {
  to: {
    value: 'ID',
    parse: parseText,
    defaultText: 'whoever comes first',
    help: 'identity or Pod of the next leader',
    group: others,
    hasVariable: false,
  },
  wait: {
    value: 'D',
    parse: parseMaybeInfinite,
    default: 60_000,
    defaultText: '60s',
    help: 'how long to wait for it',
    group: others,
    hasVariable: false,
  },
  'lock-namespace': leaseFlags['lock-namespace'],
  ...connectionFlags,
  ...helpFlags,
} as const satisfies Flags;

/** Flags of `leader-run status [LOCK]`. Those that are flags of a run, too, have the same variables. */
export const statusFlags = {
  'lock-namespace': leaseFlags['lock-namespace'],
  'all-namespaces': { ...onOff, aliases: ['A'], help: 'the Leases of all namespaces' },
  output: {
    aliases: ['o'],
    value: 'FORMAT',
    ...choice(['table', 'wide', 'json']),
    default: 'table',
    help: 'table, wide or json',
    group: others,
    hasVariable: false,
  },
  watch: { ...onOff, aliases: ['w'], help: 'show changes until Ctrl-C' },
  ...connectionFlags,
  ...helpFlags,
} as const satisfies Flags;

/** Flags of `leader-run check`. */
export const checkFlags = { ...connectionFlags, ...helpFlags } as const satisfies Flags;

/** Flags of `leader-run manifests` beside those of a run. */
export const manifestsFlags = {
  image: {
    value: 'IMAGE',
    parse: parseText,
    default: 'registry.example/worker',
    help: 'with leader-run as its entrypoint',
    group: others,
    hasVariable: false,
  },
  cron: {
    value: 'SCHEDULE',
    parse: parseText,
    help: 'a CronJob in place of the Deployment',
    group: others,
    hasVariable: false,
  },
  'flow-schema': { ...onOff, help: 'also a FlowSchema: the priority of other leaders' },
  ...helpFlags,
} as const satisfies Flags;

/** Which cluster and who: in a Pod that follows from where it is. */
export const notForPods: readonly string[] = ['kubeconfig', 'context', 'id', 'lock-namespace'];

/** All flags of `leader-run manifests`. The variables of a run are not read: what is printed follows from the line, and the namespace from the kubeconfig. */
export const manifestsAndRunFlags = { ...withoutVariables(runFlags), ...manifestsFlags };

function withoutVariables<F extends Flags>(flags: F): F {
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, { ...flag, hasVariable: false }]),
  ) as Flags as F;
}
