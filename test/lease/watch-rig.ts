import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { type Respond, startServer } from '../fixtures/api/scripted-server.ts';
import { WatchLog } from '../fixtures/api/watch-server.ts';

export const longMs = 30_000;

/** A watch on a server that answers by this script. */
export async function watch(
  script: readonly [Respond, ...Respond[]],
  {
    resourceVersion = '1',
    silenceMs = longMs,
  }: { resourceVersion?: string | null; silenceMs?: number } = {},
) {
  const server = await startServer(script);
  const api = connect(writeKubeconfig({ server: server.url }));
  const log = new WatchLog();
  const handle = api.watch(resourceVersion, silenceMs, log.hear);
  /** What each request asked for: `GET` for the Lease itself, otherwise where the watch began. */
  const asked = () =>
    server.received.map(({ path, query }) =>
      path.endsWith('/leases/lock') ? 'GET' : query.get('resourceVersion'),
    );
  return { server, log, handle, asked };
}
