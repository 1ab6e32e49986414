/**
 * `leader-run manifests`: the objects that a run with these flags needs in a cluster, with the least rights that it can do with. Only
 * printed: what is applied is for people to decide.
 */
import { dump } from 'js-yaml';

export interface ManifestsRequest {
  readonly namespace: string;
  /** Also the name of the objects. */
  readonly lockName: string;
  readonly image: string;
  /** Settings as environment variables, without those of the Pod. */
  readonly settings: Readonly<Record<string, string>>;
  /** Empty: that of the image. */
  readonly command: readonly string[];
  readonly gracePeriodMs: number;
  readonly lostExitCode: number;
  readonly httpPort: number | null;
  readonly hasEvents: boolean;
  readonly hasPodLabel: boolean;
  readonly hasFlowSchema: boolean;
  /** A CronJob with this schedule takes the place of the Deployment. */
  readonly schedule: string | null;
}

/** The release, after the grace period. */
const releaseSeconds = 5;
/** Where the grace period is infinite: Kubernetes knows none. */
const longestGraceSeconds = 86_400;
const containerName = 'worker';
const longestLabelValue = 63;

/** YAML documents, in the order in which they can be applied. */
export function manifestsYaml(request: ManifestsRequest): string {
  const options = { noRefs: true, lineWidth: 120, quotingType: '"' } as const;
  return manifestsOf(request)
    .map((manifest) => dump(manifest, options))
    .join('---\n');
}

export function manifestsOf(request: ManifestsRequest): object[] {
  const { schedule, hasFlowSchema } = request;
  const work =
    schedule === null
      ? [deployment(request), disruptionBudget(request)]
      : [cronJob(request, schedule)];
  return [...access(request), ...work, ...(hasFlowSchema ? [flowSchema(request)] : [])];
}

function metadataOf({ lockName: name, namespace }: ManifestsRequest) {
  return { name, namespace };
}

function labelsOf({ lockName }: ManifestsRequest) {
  return { app: lockName.slice(0, longestLabelValue).replace(/[^a-z\d]+$/, '') };
}

function access(request: ManifestsRequest): object[] {
  const { lockName, namespace } = request;
  const metadata = metadataOf(request);
  const group = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules: rulesOf(request) },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name: lockName },
      subjects: [{ kind: 'ServiceAccount', name: lockName, namespace }],
    },
  ];
}

/** `create` cannot be restricted by name, and no one knows the names of Pods beforehand. */
function rulesOf({ lockName, hasEvents, hasPodLabel }: ManifestsRequest): object[] {
  const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
  return [
    { ...leases, verbs: ['create'] },
    { ...leases, resourceNames: [lockName], verbs: ['get', 'update', 'watch'] },
    ...(hasEvents ? [{ apiGroups: [''], resources: ['events'], verbs: ['create'] }] : []),
    ...(hasPodLabel ? [{ apiGroups: [''], resources: ['pods'], verbs: ['patch'] }] : []),
  ];
}

/** A standby is Ready, so none of the old Pods has to go before a new one stands by. */
function deployment(request: ManifestsRequest): object {
  const labels = labelsOf(request);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(request),
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels },
        spec: { ...podSpec(request), topologySpreadConstraints: [apartFrom(labels)] },
      },
    },
  };
}

/**
 * Replicas on one node go down together. Only preferred: on the last node that is left a second one is still of use. The Pods of the
 * roll-out before do not count, because they make room.
 */
function apartFrom(labels: object): object {
  return {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: labels },
    matchLabelKeys: ['pod-template-hash'],
  };
}

function disruptionBudget(request: ManifestsRequest): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(request),
    spec: { maxUnavailable: 1, selector: { matchLabels: labelsOf(request) } },
  };
}

/** A lost lease is no fault of the job: its Pod does not count, and another one is started. */
function cronJob(request: ManifestsRequest, schedule: string): object {
  const { lostExitCode } = request;
  const onExitCodes = { containerName, operator: 'In', values: [lostExitCode] };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadataOf(request),
    spec: {
      schedule,
      concurrencyPolicy: 'Forbid',
      jobTemplate: {
        spec: {
          backoffLimit: 0,
          ...(lostExitCode === 0
            ? {}
            : { podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes }] } }),
          template: {
            metadata: { labels: labelsOf(request) },
            spec: { restartPolicy: 'Never', ...podSpec({ ...request, httpPort: null }) },
          },
        },
      },
    },
  };
}

function podSpec(request: ManifestsRequest): object {
  const { lockName, image, command, gracePeriodMs, httpPort } = request;
  const graceSeconds = Math.min(Math.ceil(gracePeriodMs / 1000), longestGraceSeconds);
  const probe = (path: string) => ({ httpGet: { path, port: 'probes' }, timeoutSeconds: 2 });
  const probes = {
    ports: [{ name: 'probes', containerPort: httpPort }],
    livenessProbe: probe('/livez'),
    readinessProbe: probe('/readyz'),
  };
  return {
    serviceAccountName: lockName,
    terminationGracePeriodSeconds: graceSeconds + releaseSeconds,
    containers: [
      {
        name: containerName,
        image,
        ...(command.length === 0 ? {} : { args: command }),
        env: variablesOf(request),
        ...(httpPort === null ? {} : probes),
      },
    ],
  };
}

function variablesOf({ settings, hasPodLabel }: ManifestsRequest): object[] {
  const ofPod = (name: string, fieldPath: string) => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  return [
    ...Object.entries(settings).map(([name, value]) => ({ name, value })),
    ofPod('POD_NAME', 'metadata.name'),
    ...(hasPodLabel
      ? [ofPod('POD_NAMESPACE', 'metadata.namespace'), ofPod('POD_UID', 'metadata.uid')]
      : []),
  ];
}

/** Leaders outside kube-system otherwise share a queue with every list of the cluster. */
function flowSchema(request: ManifestsRequest): object {
  const { lockName: name, namespace } = request;
  return {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name: `${namespace}-${name}` },
    spec: {
      priorityLevelConfiguration: { name: 'leader-election' },
      matchingPrecedence: 800,
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        {
          subjects: [{ kind: 'ServiceAccount', serviceAccount: { name, namespace } }],
          resourceRules: [
            {
              apiGroups: ['coordination.k8s.io'],
              resources: ['leases'],
              verbs: ['create', 'get', 'update', 'watch'],
              namespaces: [namespace],
            },
          ],
        },
      ],
    },
  };
}
