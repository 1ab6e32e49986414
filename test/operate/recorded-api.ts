/** What the observers send, and answers from a list; the context of a run around it. */
import type { JsonObject } from '../../src/json.ts';
import type { Failure } from '../../src/election/lease.ts';
import { nextDeadlineMs } from '../../src/election/step.ts';
import type { ApiClient, ApiReply } from '../../src/lease/client.ts';
import type { OperateContext } from '../../src/operate/context.ts';

export interface Sent {
  readonly request: string;
  readonly body: JsonObject | null;
  readonly timeoutMs: number;
}

export class RecordedApi implements ApiClient {
  readonly sent: Sent[] = [];
  readonly warnings: string[] = [];
  /** The boot clock. */
  nowMs = 0;
  /** The next answers, in their order; afterwards all is well. A promise holds the answer back. */
  readonly replies: (ApiReply | Promise<ApiReply>)[] = [];

  async request(method: string, path: string, body: JsonObject | null, timeoutMs: number) {
    this.sent.push({ request: `${method} ${path}`, body, timeoutMs });
    return (await this.replies.shift()) ?? { id: 'object' as const, object: {}, serverTimeMs: 0 };
  }

  context(): OperateContext {
    return {
      lock: { namespace: 'space', name: 'lock' },
      identity: 'me',
      version: '1.2.3',
      api: this,
      loadMetrics: () => import('../../src/operate/metrics.ts'),
      bootMs: () => this.nowMs,
      nextDeadlineMs,
      describe: ({ reason }, namespace, rights) => `${reason}: grant ${rights} in ${namespace}`,
      warn: (message) => this.warnings.push(message),
    };
  }
}

export function failed(failure: Failure): ApiReply {
  return { id: 'failed', failure };
}
