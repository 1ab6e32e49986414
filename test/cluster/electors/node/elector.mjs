// A candidate of @codedependant/kubernetes-leader-election, on client-node. It says in the manner of test/fixtures/worker.mjs
// when it leads, and releases on SIGTERM.
//
//   node elector.mjs PACKAGES KUBECONFIG NAMESPACE LEASE IDENTITY
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [packages, kubeconfig, namespace, lease, identity] = process.argv.slice(2);
process.env.KUBECONFIG = kubeconfig;
// Where there is none it takes itself for the only candidate.
process.env.KUBERNETES_SERVICE_HOST = 'in the kubeconfig';
const { Elector, EVENTS } = createRequire(join(packages, 'package.json'))(
  '@codedependant/kubernetes-leader-election',
);

let leads = false;

function say(event) {
  leads = event === 'start';
  const atMs = performance.timeOrigin + performance.now();
  console.log(JSON.stringify({ worker: process.pid, event, atMs }));
}

const log = {
  debug: (...words) => console.log(...words),
  error: (...words) => console.log(...words),
  child: () => log,
};
const elector = new Elector({
  auto_close: false,
  identity,
  lease_name: lease,
  namespace,
  lease_duration_sec: 6,
  renew_interval_ms: 1_000,
  log,
});
elector.on(EVENTS.LEADERSHIP_ACQUIRED, () => say('start'));
elector.on(EVENTS.LEADERSHIP_LOST, () => say('end'));
process.once('SIGTERM', async () => {
  if (leads) say('end');
  await elector.stop();
  process.exit(0);
});
void elector.start();
