/** Puts together `leader-run completion`. */
import { type Completion, complete, linesOf } from './cli/completion.ts';
import { completionScripts } from './cli/completion-scripts.ts';
import { failedExitCode } from './cli/exit-status.ts';
import type { Log } from './cli/log.ts';
import { print } from './cli/print.ts';
import { createApiClient } from './lease/client.ts';
import { kubeconfigFiles, readKubeconfig } from './lease/kubeconfig.ts';
import { namesIn } from './operate/complete.ts';
import { homeDirectory } from './process/home-directory.ts';
import { environmentOf, readStartContext } from './process/start-context.ts';
import { fail, findCluster, userAgent } from './surroundings.ts';

/** From node's start: with that, a shell waits for less than a second. */
const answerWithinMs = 850;

/** Prints the completion of a shell, or what it offers for a word. */
export async function completion(
  [what = '', ...words]: readonly string[],
  { log, write }: { readonly log: Log; readonly write: (line: string) => void },
): Promise<number> {
  if (what === 'complete')
    return print(await answer(words), write) === 'failed' ? failedExitCode : 0;
  if (!Object.hasOwn(completionScripts, what) || words.length > 0) {
    const given = [what, ...words].join(' ');
    const shells = Object.keys(completionScripts).join(', ');
    return fail(
      log,
      `Cannot print the completion of ${JSON.stringify(given)}: one of ${shells} is required`,
    );
  }
  const script = completionScripts[what as keyof typeof completionScripts];
  return print(script, write) === 'failed' ? failedExitCode : 0;
}

async function answer(words: readonly string[]): Promise<string> {
  const env = environmentOf(readStartContext(process.env));
  const current = words.at(-1) ?? '';
  const asked = complete(words, env);
  if (asked.id !== 'names') return linesOf(asked, current);
  const names = await lookUp(asked, env).catch(() => []);
  const offers = names.map((name) => ({ word: `${asked.before}${name}`, help: '' }));
  return linesOf({ id: 'offers', offers }, current);
}

async function lookUp(
  { of, settings }: Completion & { id: 'names' },
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const { kubeconfig = null, context = null } = settings;
  if (of === 'contexts') {
    const home = env['HOME'] || homeDirectory();
    const read = readKubeconfig(kubeconfigFiles(kubeconfig, env, home));
    return read.id === 'failed' ? [] : [...read.kubeconfig.contexts.keys()];
  }
  const found = findCluster({ kubeconfig, context }, env, () => undefined);
  if (found.id === 'failed') return [];
  const namespace = settings['lock-namespace'] ?? found.cluster.namespace;
  const path =
    of === 'namespaces'
      ? '/api/v1/namespaces'
      : (`/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases` as const);
  const leftMs = Math.max(1, Math.round(answerWithinMs - performance.now()));
  return namesIn(createApiClient(found.cluster, userAgent), path, leftMs);
}
