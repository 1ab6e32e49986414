/**
 * The flags as a table: their names, aliases and environment twins. What a flag means is read in `run-options.ts` and
 * `sandbox-options.ts`; what help says of it is in `help.ts`.
 */

/** One flag, named without dashes. A switch takes no word after it, though `--try=false` is understood. */
export interface Flag {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly isSwitch: boolean;
}

function valued(name: string, ...aliases: string[]): Flag {
  return { name, aliases, isSwitch: false };
}

function onOff(name: string, ...aliases: string[]): Flag {
  return { name, aliases, isSwitch: true };
}

const help = onOff('help', 'h');

/** Flags of `leader-run [flags] [--] command`. */
export const runFlags: readonly Flag[] = [
  valued('lock-name', 'lease-lock-name'),
  valued('lock-namespace', 'lease-lock-namespace', 'namespace', 'n'),
  valued('id'),
  valued('kubeconfig'),
  valued('context'),
  valued('lease-duration'),
  valued('renew-deadline'),
  valued('retry-period'),
  valued('signal'),
  valued('grace-period'),
  valued('loss-grace'),
  valued('wait'),
  onOff('try'),
  onOff('warm'),
  valued('promote-signal'),
  valued('on-lost'),
  valued('max-term'),
  valued('once'),
  valued('once-per'),
  valued('once-at'),
  valued('done-exit-code'),
  valued('conflict-exit-code', 'E'),
  valued('lost-exit-code'),
  valued('log-format'),
  valued('log-level'),
  onOff('verbose', 'v'),
  onOff('quiet', 'q'),
  help,
  onOff('version'),
];

/**
 * Flags of `leader-run sandbox`. They have no twins: LEADER_RUN_KUBECONFIG names the file that leader-run reads and the
 * sandbox would write it, and a Service called "leader-run" makes Kubernetes set LEADER_RUN_PORT.
 */
export const sandboxFlags: readonly Flag[] = [valued('port'), valued('kubeconfig'), help];

/** Flags of `leader-run transfer LOCK`. --wait has no variable here: LEADER_RUN_WAIT is about a run. */
export const transferFlags: readonly Flag[] = [
  valued('to'),
  valued('wait'),
  valued('lock-namespace', 'lease-lock-namespace', 'namespace', 'n'),
  valued('kubeconfig'),
  valued('context'),
  help,
];

/** Words that are sub-commands, or will be, when they come first. */
export const reservedWords: readonly string[] = ['status', 'check', 'manifests', 'completion'];

/** The environment variable that stands for a flag. */
export function envVarOf(flag: string): string {
  return `LEADER_RUN_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** The settings that may come from the environment. */
export const flagsWithEnvVar = runFlags.filter(({ name }) => name !== 'help' && name !== 'version');

/** The environment variables that are settings of leader-run, and so not the command's business. */
export const envVarNames: ReadonlySet<string> = new Set(
  flagsWithEnvVar.map(({ name }) => envVarOf(name)),
);
