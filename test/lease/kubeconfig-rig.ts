/** What is read of kubeconfigs, and what is said of one that cannot be. */
import { readKubeconfig, type Kubeconfig } from '../../src/lease/kubeconfig.ts';

export function read(...paths: string[]): Kubeconfig {
  const result = readKubeconfig({ paths, isRequired: false });
  if (result.id === 'failed') throw new Error(result.message);
  return result.kubeconfig;
}

export function failureOf(path: string): string {
  const result = readKubeconfig({ paths: [path], isRequired: true });
  return result.id === 'failed' ? result.message : 'no failure';
}
