/** `leader-run manifests`: a real API server takes what it prints, and its rights are enough and no more than that. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { loadAll } from 'js-yaml';
import { expect, inject, test } from 'vitest';
import { callApi, createNamespace, mustCallApi, readLease } from './api.ts';
import { type AtEnd, Candidate } from './candidates.ts';
import { createPod } from './pods.ts';
import { writeKubeconfig } from './users.ts';

const access = inject('cluster');
const leaderRun = resolve(import.meta.dirname, '../../bin/leader-run');

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
}

function manifests(namespace: string, flags: readonly string[]): Manifest[] {
  const words = ['manifests', '-n', namespace, '--lock-name', 'worker', ...flags];
  return loadAll(execFileSync(leaderRun, words, { encoding: 'utf8' })) as Manifest[];
}

const plurals: Readonly<Record<string, string>> = { PodDisruptionBudget: 'poddisruptionbudgets' };

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${root}${scope}/${plurals[kind] ?? `${kind.toLowerCase()}s`}`;
}

test.each([
  [[]],
  [['--http=:8080', '--pod-label=role=leader', '--events', '--grace-period=1m', '--', './worker']],
  [['--cron=0 3 * * *', '--try', '-E=0', '--', './job']],
  [['--flow-schema', '--http=:8080', '--command-health=http://127.0.0.1/healthz', '-v']],
])('the server takes what %j makes, to the last field', async (flags) => {
  const namespace = await createNamespace(access);
  for (const manifest of manifests(namespace, flags)) {
    const path = `${pathOf(manifest)}?dryRun=All&fieldValidation=Strict`;
    const { status, body } = await callApi(access, 'POST', path, manifest);
    expect(status, JSON.stringify(body)).toBe(201);
  }
});

const flags = ['--events', '--pod-label=role=leader'];

/** The rights as they are printed, without one verb; a kubeconfig of the account that has them. */
async function grant(namespace: string, without: { resource: string; verb: string } | null) {
  for (const manifest of manifests(namespace, flags)) {
    if (!['ServiceAccount', 'Role', 'RoleBinding'].includes(manifest.kind)) continue;
    const rules = manifest.rules?.flatMap((rule) => {
      const verbs = rule.resources.includes(without?.resource ?? '')
        ? rule.verbs.filter((verb) => verb !== without?.verb)
        : rule.verbs;
      return verbs.length === 0 ? [] : [{ ...rule, verbs }];
    });
    await mustCallApi(access, 'POST', pathOf(manifest), {
      ...manifest,
      ...(rules === undefined ? {} : { rules }),
    });
  }
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/worker/token`;
  const made = await mustCallApi(access, 'POST', path, { spec: { expirationSeconds: 3_600 } });
  const { token } = (made as { status: { token: string } }).status;
  return writeKubeconfig(access, { namespace, user: { token } });
}

async function start(
  without: { resource: string; verb: string } | null,
  namespace: string,
  atEnd: AtEnd,
): Promise<Candidate> {
  const kubeconfig = await grant(namespace, without);
  if (without?.verb === 'update')
    await mustCallApi(
      access,
      'POST',
      `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
      {
        metadata: { name: 'worker' },
        spec: { holderIdentity: '', leaseTransitions: 1 },
      },
    );
  const pod = await createPod(access, namespace);
  const args = [
    ...[`POD_NAME=${pod.name}`, `POD_NAMESPACE=${namespace}`, `POD_UID=${pod.uid}`],
    leaderRun,
    ...['--kubeconfig', kubeconfig, '--lock-name', 'worker', '-v', ...flags, '--', 'sleep', '600'],
  ];
  return new Candidate('/usr/bin/env', args, atEnd);
}

test('with these rights nothing is missed', async ({ onTestFinished }) => {
  const namespace = await createNamespace(access);
  const candidate = await start(null, namespace, onTestFinished);
  await candidate.until('start', () => candidate.output.find((line) => line.includes('Started')));
  // All that it asks for, a renewal and the release included.
  const renewTime = async () => (await readLease(access, namespace, 'worker'))?.spec.renewTime;
  const acquired = await renewTime();
  while ((await renewTime()) === acquired) await new Promise((done) => setTimeout(done, 50));
  expect(await candidate.stop()).toMatchObject({ code: 143 });
  expect(candidate.output.filter((line) => /Cannot|permission|grant/.test(line))).toEqual([]);
});

const leases = 'grant get, create, update and watch on leases.coordination.k8s.io';

test.concurrent.for([
  ['leases', 'get', 125, new RegExp(`forbidden to get it: ${leases}`)],
  ['leases', 'create', 125, new RegExp(`forbidden to create it: ${leases}`)],
  ['leases', 'update', 125, new RegExp(`forbidden to update it: ${leases}`)],
  ['leases', 'watch', 143, /No permission to watch .*Grant "watch" on leases.coordination.k8s.io/],
  ['events', 'create', 143, /Cannot send an Event .*grant create on events in namespace "/],
  ['pods', 'patch', 143, /Cannot set label "role=leader" .*grant patch on pods in namespace "/],
] as const)(
  'without %s %s one line says what to grant',
  async ([resource, verb, code, line], { onTestFinished }) => {
    const candidate = await start(
      { resource, verb },
      await createNamespace(access),
      onTestFinished,
    );
    await candidate.until('word of it', () => candidate.output.find((text) => line.test(text)));
    if (code === 143)
      await candidate.until('start', () =>
        candidate.output.find((text) => text.includes('Started')),
      );
    candidate.kill('SIGTERM');
    expect((await candidate.ended).code).toBe(code);
    expect(candidate.output.filter((text) => /grant/i.test(text))).toHaveLength(1);
  },
);
