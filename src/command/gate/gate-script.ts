/** The program of the gate's sh. It is ended or replaced by the command; it never forks, so its pid is the command's. */
import type { Variable } from './environment.ts';
import { corrections } from './environment.ts';
import type { Bytes } from './shell-words.ts';
import { shellQuote } from './shell-words.ts';

/**
 * Runs the texts that come on descriptor 3, each ended by a line that is `$1`. On end of file, which is the death of
 * leader-run, it ends. The command's words are in those texts and not in its arguments, as a standby must not be mistaken
 * for the command by `pgrep -f`.
 */
export const gateLoop = `while IFS= read -r gate_line <&3; do
  if [ "$gate_line" = "$1" ]; then eval "$gate_text"; gate_text=; else gate_text="$gate_text$gate_line
"; fi
done
exit 125`;

export interface GatePlan {
  /** The file of the sh. */
  readonly shell: Bytes;
  readonly command: readonly Bytes[];
  readonly variables: readonly Variable[];
  /** Whether the gate's sh has the variables in its own environment; if not, `env` sets them, which costs a millisecond. */
  readonly hasVariables: boolean;
  readonly softOpenFilesLimit: string | null;
  readonly ignoredSignals: readonly number[];
  /** Whether there is a /proc/uptime to read. */
  readonly hasClock: boolean;
}

/** The files that these are in PATH, where the shell may have programs of the same names in itself. */
export interface GateFiles {
  readonly command: Bytes;
  readonly env: Bytes;
}

/**
 * Defines `go`, which is called with the deadline in 1/100 s and further variables, and says that it is ready. `files` for
 * busybox only.
 */
export function preparation(plan: GatePlan, files: GateFiles | null): Bytes {
  const [name = ''] = plan.command;
  return [
    `gate_file=${shellQuote(name)} gate_env=env`,
    files === null ? '' : preferFiles(files),
    'go() {',
    'gate_until=$1; shift',
    // Lowering a limit cannot fail unless it is not ours to change; then the command gets the one that we have.
    plan.softOpenFilesLimit === null
      ? ''
      : `ulimit -S -n ${shellQuote(plan.softOpenFilesLimit)} 2>/dev/null`,
    plan.ignoredSignals.length === 0 ? '' : `trap '' ${plan.ignoredSignals.join(' ')}`,
    plan.hasClock ? readClock : '',
    'exec 3>&-',
    plan.hasVariables ? execInPlace(plan) : execThroughEnv(plan),
    '}',
    'echo ready >&3',
  ]
    .filter((line) => line !== '')
    .join('\n');
}

/** Calls `go`. */
export function goAhead(
  untilCentiseconds: number,
  variables: Readonly<Record<string, Bytes>>,
): Bytes {
  const assignments = Object.entries(variables).map(([name, value]) =>
    shellQuote(`${name}=${value}`),
  );
  return ['go', untilCentiseconds, ...assignments].join(' ');
}

/**
 * busybox can be built to exec its own grep or sleep in place of those in PATH, as Debian's is. By their paths it cannot,
 * but then the path is what the program finds as its name.
 */
function preferFiles({ command, env }: GateFiles): Bytes {
  return `gate_path=$PATH PATH=/dev/null
if command -v env >/dev/null; then gate_file=${shellQuote(command)} gate_env=${shellQuote(env)}; fi
PATH=$gate_path`;
}

// "1" before the fraction, as sh takes 08 for a bad octal number.
const readClock = `read -r gate_now gate_rest </proc/uptime
gate_rest=1\${gate_now#*.}
[ $((\${gate_now%.*} * 100 + gate_rest - 100)) -lt "$gate_until" ] || { echo late >&3; exit 125; }`;

function execInPlace({ command, variables }: GatePlan): Bytes {
  const { exports, unsets } = corrections(variables);
  const assignments = exports.map(({ name, value }) => shellQuote(`${name}=${value}`));
  return [
    `export "$@" ${assignments.join(' ')}`,
    `unset gate_line gate_text ${unsets.join(' ')}`,
    `exec "$gate_file" ${command.slice(1).map(shellQuote).join(' ')}`,
  ].join('\n');
}

function execThroughEnv({ shell, command, variables }: GatePlan): Bytes {
  const assignments = variables.map(({ name, value }) => shellQuote(`${name}=${value}`));
  // A command with a "=" in its name would be one more variable to env.
  const detour = command[0]?.includes('=') ? `${shellQuote(shell)} -c 'exec "$@"' sh` : '';
  const words = command.slice(1).map(shellQuote).join(' ');
  return `exec "$gate_env" -i -- ${assignments.join(' ')} "$@" ${detour} "$gate_file" ${words}`;
}
