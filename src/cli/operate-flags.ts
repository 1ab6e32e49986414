/** The flags of what a cluster's operators see: `--http` and what belongs to it, `--events`, `--pod-label`. */
import type { FlagValues, Flags } from './flag.ts';
import type { OperateOptions } from './options.ts';
import { type Parsed, parseMaybeInfinite, parseSwitch } from './parsers.ts';

const group = 'In a cluster';

export const operateFlags = {
  http: {
    value: 'ADDRESS',
    parse: parseAddress,
    help: '[HOST]:PORT of probes and metrics',
    group,
  },
  'command-health': {
    value: 'URL',
    parse: parseHealthUrl,
    help: 'what probes ask while the command runs',
    group,
  },
  'command-start-timeout': {
    value: 'D',
    parse: parseMaybeInfinite,
    defaultText: 'infinity',
    help: 'until it is well at first',
    group,
  },
  events: {
    parse: parseSwitch,
    default: false,
    help: 'write an Event when leadership begins and ends',
    group,
  },
  'pod-label': {
    value: 'LABEL',
    parse: checkPodLabel,
    help: "key=value on the leader's Pod, and on no other",
    group,
  },
} as const satisfies Flags;

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

/** `[HOST]:PORT`, an IPv6 host in brackets. */
function parseAddress(
  text: string,
): Parsed<{ readonly host: string | null; readonly port: number }> {
  const [, brackets, plain, port = ''] =
    /^(?:\[([\da-f:.]+)\]|([^\s:[\]/]*)):(\d+)$/i.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535)
    return { ok: false, why: 'expected [HOST]:PORT (examples: :8080, 127.0.0.1:8080, [::1]:8080)' };
  return { ok: true, value: { host: brackets ?? (plain || null), port: Number(port) } };
}

function parseHealthUrl(text: string): Parsed<URL> {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url === null || !['http:', 'https:'].includes(url.protocol)
    ? { ok: false, why: 'expected an http:// or https:// URL' }
    : { ok: true, value: url };
}

const part = /^[a-z\d](?:[-\w.]{0,61}[a-z\d])?$/i;
const prefix = /^[a-z\d](?:[-a-z\d]*[a-z\d])?(?:\.[a-z\d](?:[-a-z\d]*[a-z\d])?)*$/;

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
function checkPodLabel(text: string): Parsed<string> {
  const [, before, name = '', value = ''] = /^(?:([^/=]*)\/)?([^/=]*)=([^=]*)$/.exec(text) ?? [];
  const hasPrefix = before === undefined || (before.length <= 253 && prefix.test(before));
  return hasPrefix && part.test(name) && (value === '' || part.test(value))
    ? { ok: true, value: text }
    : {
        ok: false,
        why: 'not a label: write key=value, each of at most 63 letters, digits, "-", "_" and "."',
      };
}
