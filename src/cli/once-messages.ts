/** What is remembered of runs, in words. */
import type { Outcome } from '../election/report.ts';
import { type OnceRule, type Run, runsAnnotation } from '../election/runs.ts';
import { quote } from './text.ts';

/** Which run makes ours needless, and by which rule: `--once-per` counts the runs of every key. */
export function doneBy({ key, by, start, token }: Run, once: OnceRule | null | undefined): string {
  // It may have failed, or still be running.
  const isStart = once?.counts === 'start' || token === null;
  if (once?.id === 'period')
    return `${quote(by)} ${isStart ? 'started' : 'ran'} ${key === '' ? 'it' : quote(key)} at ${start}, and --once-per is not over`;
  return isStart
    ? `${quote(key)} was started by ${quote(by)} at ${start}`
    : `${quote(key)} was done by ${quote(by)}, begun at ${start}`;
}

/** A run of `--once-per` has no name. */
export function runOf(key: string): string {
  return key === '' ? 'this run' : quote(key);
}

type Why = (Outcome & { readonly id: 'failed' })['why'];
type UnknownRuns = Extract<Why, { readonly reason: `runs-${string}` | 'no-server-time' }>;

export function isUnknownRuns(why: Why): why is UnknownRuns {
  return ['runs-unreadable', 'runs-forgotten', 'runs-ahead', 'no-server-time'].includes(why.reason);
}

/** Why it cannot be told whether the command has to run. `place` is the lease and where it is. */
export function unknownRuns(
  why: UnknownRuns['reason'],
  place: string,
  { namespace, lockName }: { readonly namespace: string; readonly lockName: string },
): string {
  const remedy = `To run the command all the same, remove it: kubectl annotate -n ${namespace} lease ${lockName} ${runsAnnotation}-`;
  switch (why) {
    case 'no-server-time':
      return `Cannot use --once-per with ${place}: the API server does not send its time in a Date header`;
    case 'runs-forgotten':
      return `Cannot tell whether the command was done: so many other runs are recorded in ${place} since leader-run looked that this one may have been dropped. Start it again if it was not done`;
    case 'runs-unreadable':
      return `Cannot read which runs were done: annotation "${runsAnnotation}" of ${place} is not the JSON that leader-run writes. ${remedy}`;
    case 'runs-ahead':
      return `Cannot tell whether --once-per is over: annotation "${runsAnnotation}" of ${place} has a run that began in the future by the API server's clock. ${remedy}`;
  }
}
