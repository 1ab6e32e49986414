import { loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { manifestsOptionsOf } from '../../src/cli/manifests-options.ts';
import { manifestsYaml } from '../../src/operate/manifests.ts';
import { read } from '../cli/run-line.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly unknown[];
  readonly spec: {
    readonly template: { readonly spec: PodSpec };
    readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: PodSpec } } };
  };
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [{ readonly env: readonly { readonly name: string }[] }];
}

function manifests(...words: string[]): Manifest[] {
  const line = read(['manifests', '--lock-name', 'nightly', ...words]);
  const checked = line.id === 'manifests' ? manifestsOptionsOf(line, 'own') : line;
  if (checked.id !== 'options') throw new Error(`Not accepted: ${JSON.stringify(checked)}`);
  return loadAll(manifestsYaml(checked.options)) as Manifest[];
}

function find(kind: string, ...words: string[]): Manifest {
  const found = manifests(...words).find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}

const kinds = (...words: string[]) => manifests(...words).map(({ kind }) => kind);
const access = ['ServiceAccount', 'Role', 'RoleBinding'];

test('what is printed, by flags', () => {
  expect(kinds()).toEqual([...access, 'Deployment', 'PodDisruptionBudget']);
  expect(kinds('--flow-schema')).toEqual([
    ...access,
    'Deployment',
    'PodDisruptionBudget',
    'FlowSchema',
  ]);
  expect(kinds('--cron', '0 3 * * *')).toEqual([...access, 'CronJob']);
});

test('the rights are those that the flags need', () => {
  const leases = [
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      resourceNames: ['nightly'],
      verbs: ['get', 'update', 'watch'],
    },
  ];
  expect(find('Role').rules).toEqual(leases);
  expect(find('Role', '--events', '--pod-label=role=leader').rules).toEqual([
    ...leases,
    { apiGroups: [''], resources: ['events'], verbs: ['create'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['patch'] },
  ]);
});

test('the Deployment: flags as variables, the grace, probes', () => {
  const { spec } = find(
    'Deployment',
    ...['--grace-period=50s', '--http=:8080', '--pod-label=role=leader', '-n', 'prod'],
    ...['--context', 'staging', '--image', 'my/image:1', '--', './worker', '-v'],
  );
  expect(spec).toMatchObject({
    replicas: 2,
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
  });
  const env = [
    { name: 'LEADER_RUN_LOCK_NAME', value: 'nightly' },
    { name: 'LEADER_RUN_GRACE_PERIOD', value: '50s' },
    { name: 'LEADER_RUN_HTTP', value: ':8080' },
    { name: 'LEADER_RUN_POD_LABEL', value: 'role=leader' },
    ...['POD_NAME', 'POD_NAMESPACE', 'POD_UID'].map(
      (name) => expect.objectContaining({ name }) as unknown,
    ),
  ];
  expect(spec.template.spec).toEqual({
    serviceAccountName: 'nightly',
    terminationGracePeriodSeconds: 55,
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { app: 'nightly' } },
        matchLabelKeys: ['pod-template-hash'],
      },
    ],
    containers: [
      {
        name: 'worker',
        image: 'my/image:1',
        args: ['./worker', '-v'],
        env,
        ports: [{ name: 'probes', containerPort: 8080 }],
        livenessProbe: { httpGet: { path: '/livez', port: 'probes' }, timeoutSeconds: 2 },
        readinessProbe: { httpGet: { path: '/readyz', port: 'probes' }, timeoutSeconds: 2 },
      },
    ],
  });
});

test('an endless grace has an end in Kubernetes', () => {
  const { spec } = find('Deployment', '--grace-period=infinity');
  expect(spec.template.spec.terminationGracePeriodSeconds).toBe(86_405);
});

test('the CronJob: no second one, and a lost lease does not count', () => {
  const { spec } = find('CronJob', '--cron=*/5 * * * *', '--lost-exit-code=76', '--', './job');
  expect(spec).toMatchObject({
    schedule: '*/5 * * * *',
    concurrencyPolicy: 'Forbid',
    jobTemplate: {
      spec: {
        podFailurePolicy: {
          rules: [
            {
              action: 'Ignore',
              onExitCodes: { containerName: 'worker', operator: 'In', values: [76] },
            },
          ],
        },
      },
    },
  });
});

test('the namespace is everywhere, the subject and the FlowSchema included', () => {
  const all = manifests('-n', 'prod', '--flow-schema');
  expect(all.map(({ metadata }) => metadata.namespace)).toEqual([
    ...Array.from({ length: 5 }, () => 'prod'),
    undefined,
  ]);
  expect(JSON.stringify(all)).not.toContain('"own"');
  expect(find('Role').metadata.namespace).toBe('own');
});

describe('what a run would refuse is refused', () => {
  test.each([
    [['manifests'], 'there is no lock name'],
    [['manifests', '--lock-name', 'x', '--lease-duration', '3s'], '--renew-deadline'],
    [['manifests', '--lock-name', 'x', '--pod-label', 'x'], 'not a label'],
    [['manifests', '--lock-name', 'x', '--colour', 'red'], "unknown option '--colour'"],
  ])('%j', (words, message) => {
    const line = read(words);
    const checked = line.id === 'manifests' ? manifestsOptionsOf(line, 'own') : line;
    expect(checked.id === 'refused' && checked.message).toContain(message);
  });
});
