/**
 * leader-run and kubectl with the same kubeconfigs, against servers and proxies that note who asks them: server, TLS name, authority,
 * client certificate, headers, proxy and refusal must agree, or the row says why not. Here: the users.
 */
import { compare } from './differential/compare.ts';
import { execRows } from './differential/rows-exec.ts';
import { userRows } from './differential/rows-users.ts';

compare({ users: userRows, 'exec plugins': execRows });
