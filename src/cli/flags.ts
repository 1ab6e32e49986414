/**
 * Every flag, described once: parsing, help, environment variables, the reference page and the types of the values all come
 * from these tables.
 */
import { type Flags, envVarOf } from './flag.ts';
import { checkIdentity, checkKey, checkLabel, checkSubdomain } from './names.ts';
import { checkPodLabel, parseAddress, parseHealthUrl } from './operate-parsers.ts';
import {
  choice,
  parseLeaseDuration,
  parseMaybeInfinite,
  parseMaybeInfinitePositive,
  parseNotNegative,
  parsePositive,
  parseSwitch,
  parseText,
  parseVerbosity,
  parseWhole,
} from './parsers.ts';
import { parsePromoteSignal, parseStopSignal, stopSignals } from './command-signals.ts';

const lease = 'The Lease';
const time = 'Time (15s, 1m30s, 500ms)';
const theCommand = 'The command';
const once = 'Once, whichever machine it is';
const log = 'The log';
const inCluster = 'In a cluster';
export const others = 'Others';

const onOff = { parse: parseSwitch, default: false } as const;
const exitCode = { value: 'N', parse: parseWhole(0, 255), group: theCommand } as const;

/** Of every sub-command. */
export const helpFlags = {
  help: { ...onOff, aliases: ['h'], help: 'show this text', group: others, hasVariable: false },
} as const satisfies Flags;

/** How the API server is found, and the rights to use it. */
export const connectionFlags = {
  kubeconfig: {
    value: 'FILE',
    parse: parseText,
    defaultText: '$KUBECONFIG, ~/.kube/config, in-cluster',
    help: 'kubeconfig file',
    completes: 'files',
    group: lease,
  },
  context: {
    value: 'NAME',
    parse: parseText,
    help: 'context of the kubeconfig',
    completes: 'contexts',
    group: lease,
  },
} as const satisfies Flags;

/** Which Lease, and where. */
export const leaseFlags = {
  'lock-name': {
    aliases: ['lease-lock-name'],
    value: 'NAME',
    parse: checkSubdomain,
    defaultText: 'required',
    help: 'name of the Lease',
    completes: 'leases',
    group: lease,
  },
  'lock-namespace': {
    aliases: ['lease-lock-namespace', 'namespace', 'n'],
    value: 'NAME',
    parse: checkLabel,
    defaultText: 'the namespace of the context or Pod',
    help: 'namespace of the Lease',
    completes: 'namespaces',
    group: lease,
  },
  ...connectionFlags,
} as const satisfies Flags;

/** What is logged, and how. */
export const logFlags = {
  quiet: {
    ...onOff,
    aliases: ['q'],
    help: 'log only warnings and errors',
    group: log,
    conflicts: ['verbose', 'log-level'],
  },
  verbose: {
    ...onOff,
    parse: parseVerbosity,
    aliases: ['v'],
    help: 'the same as --log-level debug',
    group: log,
    conflicts: ['log-level'],
  },
  'log-level': {
    value: 'LEVEL',
    ...choice(['debug', 'info', 'warn', 'error']),
    default: 'info',
    help: 'debug, info, warn or error',
    group: log,
  },
  'log-format': {
    value: 'FORMAT',
    ...choice(['text', 'json']),
    default: 'text',
    help: 'text or json',
    group: log,
  },
} as const satisfies Flags;

/** What a cluster's operators see. */
export const operateFlags = {
  http: {
    value: 'ADDRESS',
    parse: parseAddress,
    help: '[HOST]:PORT of probes and metrics',
    group: inCluster,
  },
  'command-health': {
    value: 'URL',
    parse: parseHealthUrl,
    help: 'what probes ask while the command runs',
    group: inCluster,
  },
  'command-start-timeout': {
    value: 'D',
    parse: parseMaybeInfinite,
    defaultText: 'infinity',
    help: 'until it is well at first',
    group: inCluster,
  },
  events: {
    ...onOff,
    help: 'write an Event when leadership begins and ends',
    group: inCluster,
  },
  'pod-label': {
    value: 'LABEL',
    parse: checkPodLabel,
    help: "key=value on the leader's Pod",
    group: inCluster,
  },
} as const satisfies Flags;

/** Flags of `leader-run [flags] [--] command`. */
export const runFlags = {
  ...leaseFlags,
  id: {
    value: 'TEXT',
    parse: checkIdentity,
    defaultText: 'Pod or host name, UUID',
    help: 'holder identity',
    group: lease,
  },
  'lease-duration': {
    value: 'D',
    parse: parseLeaseDuration,
    default: 15_000,
    defaultText: '15s',
    help: 'how long standbys wait before replacing a dead leader',
    group: time,
  },
  'renew-deadline': {
    value: 'D',
    parse: parsePositive,
    defaultText: '2/3 of the lease',
    help: 'stop the command if not renewed for so long',
    group: time,
  },
  'retry-period': {
    value: 'D',
    parse: parsePositive,
    defaultText: '2/15 of the lease, at least 1s',
    help: 'time between renewals',
    group: time,
  },
  wait: {
    value: 'D',
    parse: parseMaybeInfinite,
    default: Infinity,
    defaultText: 'infinity',
    help: 'give up if not leader within this time',
    group: time,
  },
  try: { ...onOff, help: 'the same as --wait 0', group: time, conflicts: ['wait'] },
  signal: {
    value: 'NAME',
    parse: parseStopSignal,
    completes: stopSignals,
    default: 'SIGTERM',
    defaultText: 'TERM',
    help: 'signal that asks it to stop',
    group: theCommand,
  },
  'grace-period': {
    value: 'D',
    parse: parseMaybeInfinite,
    default: 25_000,
    defaultText: '25s',
    help: 'from that signal to SIGKILL, or infinity',
    group: theCommand,
  },
  'loss-grace': {
    value: 'D',
    parse: parseNotNegative,
    defaultText: 'rest of the lease',
    help: 'the same after a loss of the lease',
    group: theCommand,
  },
  'conflict-exit-code': {
    ...exitCode,
    aliases: ['E'],
    default: 124,
    help: 'exit status if not leader in time',
  },
  'lost-exit-code': { ...exitCode, default: 75, help: 'exit status if the lease was lost' },
  warm: { ...onOff, help: 'start it now, and tell it when it leads', group: theCommand },
  'promote-signal': {
    value: 'NAME',
    parse: parsePromoteSignal,
    completes: stopSignals,
    help: 'signal that tells it so, too',
    group: theCommand,
  },
  'on-lost': {
    value: 'WHAT',
    ...choice(['exit', 'rejoin']),
    default: 'exit',
    help: 'after a loss exit, or rejoin the election',
    group: theCommand,
  },
  'max-term': {
    value: 'D',
    parse: parseMaybeInfinitePositive,
    default: Infinity,
    defaultText: 'infinity',
    help: 'give the lease back after this time',
    group: theCommand,
  },
  once: {
    value: 'KEY',
    parse: checkKey,
    help: 'run only if no run with this KEY has succeeded',
    group: once,
    conflicts: ['once-per'],
  },
  'once-per': {
    value: 'D',
    parse: parsePositive,
    help: 'run only if the last run began longer ago',
    group: once,
  },
  'once-at': {
    value: 'WHAT',
    ...choice(['success', 'start']),
    defaultText: 'success',
    help: 'what counts as a run, success or start',
    group: once,
  },
  'done-exit-code': {
    ...exitCode,
    default: 0,
    help: 'exit status if another run has done it',
    group: once,
  },
  ...operateFlags,
  ...logFlags,
  ...helpFlags,
  version: { ...onOff, help: 'show the version', group: others, hasVariable: false },
} as const satisfies Flags;

/** The names of environment variables that are settings of leader-run, and so not the command's business. */
export const envVarNames: ReadonlySet<string> = new Set(
  Object.entries<Flags[string]>(runFlags)
    .filter(([, { hasVariable }]) => hasVariable !== false)
    .map(([name]) => envVarOf(name)),
);
