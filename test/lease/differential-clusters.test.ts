/**
 * leader-run and kubectl with the same kubeconfigs, against servers and proxies that note who asks them: server, TLS name, authority,
 * client certificate, headers, proxy and refusal must agree, or the row says why not. Here: all but the users.
 */
import { compare } from './differential/compare.ts';
import { clusterRows } from './differential/rows-clusters.ts';
import { fileRows } from './differential/rows-files.ts';
import { proxyRows } from './differential/rows-proxies.ts';

compare({ clusters: clusterRows, proxies: proxyRows, files: fileRows });
