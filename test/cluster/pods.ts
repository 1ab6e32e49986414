/** Pods as the API server stores them. Without a kubelet they run nowhere; a process of the test stands for each. */
import { randomUUID } from 'node:crypto';
import { callApi, mustCallApi, type ClusterAccess } from './api.ts';

export interface StoredPod {
  readonly name: string;
  readonly uid: string;
}

export async function createPod(
  access: ClusterAccess,
  namespace: string,
  prefix = 'worker',
): Promise<StoredPod> {
  const name = `${prefix}-${randomUUID().slice(0, 8)}`;
  const pod = (await mustCallApi(access, 'POST', `/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name, labels: { app: prefix } },
    spec: { containers: [{ name: 'worker', image: 'none' }] },
  })) as { metadata: { uid: string } };
  return { name, uid: pod.metadata.uid };
}

/** Labels and annotations; null: there is no such Pod. */
export async function readPod(
  access: ClusterAccess,
  namespace: string,
  name: string,
): Promise<{ labels: Record<string, string>; annotations: Record<string, string> } | null> {
  const { status, body } = await callApi(
    access,
    'GET',
    `/api/v1/namespaces/${namespace}/pods/${name}`,
  );
  if (status === 404) return null;
  const { metadata } = body as {
    metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
  };
  return { labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} };
}
