/** A misspelt variable would be silently without effect, so it is mentioned. */
import { envVarNames } from './flags.ts';
import { quote } from './text.ts';

/** What a leader-run around this one gives its command, and what the launcher gives us. */
const ours =
  /^LEADER_RUN_(?:IDENTITY|LOCK|FENCING_TOKEN|LEASE_TRANSITIONS|ACQUIRE_TIME|RENEW_DEADLINE_SECONDS|ONCE_KEY|FD|TREE_.*|LAUNCHER_.*)$/;

/** Images like to note the versions of what they hold; Kubernetes notes the addresses of a Service called "leader-run…". */
const others =
  /^LEADER_RUN_(?:VERSION|(?:.*_)?SERVICE_(?:HOST|PORT)(?:_.*)?|(?:.*_)?PORT(?:_\d+_.*)?)$/;

/** One warning for each variable that looks like a setting of ours and is none. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('LEADER_RUN_'))
    .filter((name) => !envVarNames.has(name) && !ours.test(name) && !others.test(name))
    .map((name) => `Ignoring ${quote(name)}: there is no such setting. See leader-run --help`);
}
