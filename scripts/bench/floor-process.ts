/**
 * The least that a hand-over can take: on warm connections a PUT that releases, the watch event of it, a PUT that acquires,
 * and the start of the command. No election, no care for anything.
 *
 *     tsx floor-process.ts <kubeconfig> <lock> <command>     each line on stdin asks for one
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority': string } },
  ];
  readonly users: readonly [
    {
      readonly user: {
        readonly 'client-certificate-data': string;
        readonly 'client-key-data': string;
      };
    },
  ];
}

interface Lease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly holderIdentity: string };
}

const [kubeconfigPath = '', lock = '', command = ''] = process.argv.slice(2);
const { clusters, users } = JSON.parse(readFileSync(kubeconfigPath, 'utf8')) as Kubeconfig;
const { server, 'certificate-authority': caFile } = clusters[0].cluster;
const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
const connection = () =>
  new Agent({
    keepAlive: true,
    maxSockets: 1,
    ca: readFileSync(caFile),
    cert: Buffer.from(cert, 'base64'),
    key: Buffer.from(key, 'base64'),
  });
const leases = `${server}/apis/coordination.k8s.io/v1/namespaces/default/leases`;
const leader = connection();
const standby = connection();
const headers = { 'content-type': 'application/json', accept: 'application/json' };

function call(agent: Agent, method: string, url: string, body?: object): Promise<Lease> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        (response.statusCode ?? 0) < 300
          ? resolve(JSON.parse(text) as Lease)
          : reject(new Error(text)),
      );
    });
    sent.on('error', reject);
    sent.setNoDelay();
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function record(holderIdentity: string) {
  const now = new Date().toISOString().replace('Z', '000Z');
  return {
    holderIdentity,
    leaseDurationSeconds: holderIdentity === '' ? 1 : 15,
    acquireTime: now,
    renewTime: now,
    leaseTransitions: 1,
  };
}

let lease = await call(leader, 'POST', leases, {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: lock },
  spec: record('floor'),
});
await call(standby, 'GET', `${leases}/${lock}`);

async function take(released: Lease): Promise<void> {
  lease = await call(standby, 'PUT', `${leases}/${lock}`, { ...released, spec: record('floor') });
  spawn(command, ['briefly'], { stdio: ['ignore', 'inherit', 'inherit'] });
}

const from = lease.metadata.resourceVersion;
const query = `watch=1&fieldSelector=metadata.name%3D${lock}&resourceVersion=${from}`;
request(`${leases}?${query}`, { agent: connection(), headers }, (response) => {
  createInterface(response).on('line', (line) => {
    const { object } = JSON.parse(line) as { object: Lease };
    if (object.spec.holderIdentity === '') void take(object);
  });
  process.stdout.write('ready\n');
}).end();

createInterface(process.stdin)
  .on('line', () => {
    const before = Date.now();
    while (Date.now() === before);
    process.stdout.write(`floor ${Date.now()}\n`);
    void call(leader, 'PUT', `${leases}/${lock}`, { ...lease, spec: record('') });
  })
  .on('close', () => process.exit());
