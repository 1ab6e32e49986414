/** One cluster for all test files; a file that stops servers starts its own with `startCluster`. */
import type {} from 'vitest';
import type { TestProject } from 'vitest/node';
import type { ClusterAccess } from './api.ts';
import { startCluster } from './server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `inject('cluster')` in a test. */
    readonly cluster: ClusterAccess;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { etcd, apiserver, close, ...access } = await startCluster();
  process.stderr.write(
    `cluster: etcd ${etcd.pid} and kube-apiserver ${apiserver.pid} serve ${access.url}\n`,
  );
  project.provide('cluster', access);
  return close;
}
