/**
 * What the paths of `--http` answer. Each answer is computed from the last state's deadlines in the request's own turn, so that a
 * driver that has stopped cannot go on reporting health.
 */
import type { Instant } from '../election/event.ts';
import type { State } from '../election/state.ts';
import type { CommandHealth } from './command-health.ts';
import { textReply, type Reply } from './http-server.ts';
import { isServing, killDueMs, viewOf } from './view.ts';

export interface ProbeContext {
  /** namespace/name */
  readonly lock: string;
  readonly bootMs: () => number;
  /** When the election wants its next step at the latest (boot clock). */
  readonly nextDeadlineMs: (state: State) => number;
  /** null: the command is not asked. */
  readonly health: CommandHealth | null;
  /** The text for Prometheus and its type. */
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
}

/** How far past D a leader counts as one that should be gone. */
const lateKillMs = 1_000;

/** A part of a health check, and what is wrong with it; null: nothing. */
type Part = readonly [name: string, problem: string | null];

export class Probes {
  readonly #context: ProbeContext;
  #state: State | null = null;
  #steppedAtMs = 0;

  constructor(context: ProbeContext) {
    this.#context = context;
  }

  /** Whether the holder is another one now. */
  onState(state: State, { bootMs }: Instant): boolean {
    const before = this.#holder(bootMs);
    this.#state = state;
    this.#steppedAtMs = bootMs;
    return before !== this.#holder(bootMs);
  }

  async answer(path: string, query: URLSearchParams): Promise<Reply | null> {
    const [, kind = '', one = null] = /^\/(livez|healthz|readyz)(?:\/(\w+))?$/.exec(path) ?? [];
    if (kind !== '') {
      const parts = kind === 'readyz' ? this.#ready(query.has('leader')) : this.#live();
      return healthReply(kind, one, [...parts, ...(await this.#command())], query.has('verbose'));
    }
    switch (path) {
      case '/leader':
        return this.#leader();
      case '/':
        return json(200, this.sidecarObject());
      case '/metrics': {
        const { type, text } = await this.#context.metrics();
        return { status: 200, type, body: text };
      }
      default:
        return null;
    }
  }

  /** What clients of the leader-elector sidecar poll. */
  sidecarObject(): { readonly name: string; readonly last_update: string | null } {
    const view = this.#state === null ? null : viewOf(this.#state, this.#context.bootMs());
    return { name: view?.holder ?? '', last_update: view?.renewed ?? null };
  }

  #live(): Part[] {
    return [['leaderElection', this.#electionProblem()]];
  }

  #electionProblem(): string | null {
    const state = this.#state;
    if (state === null) return null;
    const nowMs = this.#context.bootMs();
    const lateMs = nowMs - killDueMs(state);
    if (lateMs > lateKillMs) return `the command runs ${seconds(lateMs)} past its deadline`;
    const overdueMs = nowMs - this.#context.nextDeadlineMs(state);
    return overdueMs > state.candidate.renewDeadlineMs
      ? `no step for ${seconds(nowMs - this.#steppedAtMs)}, although one was due`
      : null;
  }

  #ready(mustLead: boolean): Part[] {
    const state = this.#state;
    const nowMs = this.#context.bootMs();
    if (state === null) return [['lease', 'not read yet']];
    const lease: Part = ['lease', isServing(state, nowMs) ? null : whyNotServing(state)];
    if (!mustLead) return [lease];
    return [lease, ['leader', viewOf(state, nowMs).isLeading ? null : 'another one leads']];
  }

  async #command(): Promise<Part[]> {
    const { health } = this.#context;
    return health === null ? [] : [['command', await health.problem()]];
  }

  #leader(): Reply {
    const { lock, bootMs } = this.#context;
    const view = this.#state === null ? null : viewOf(this.#state, bootMs());
    const isLeading = view?.isLeading ?? false;
    return json(isLeading ? 200 : 503, {
      leader: isLeading,
      name: view?.holder ?? '',
      lock,
      since: view?.since ?? null,
      fencingToken: view?.fencingToken ?? null,
      validForSeconds: Math.max(0, view?.validForMs ?? 0) / 1000,
    });
  }

  #holder(nowMs: number): string {
    return this.#state === null ? '' : viewOf(this.#state, nowMs).holder;
  }
}

function whyNotServing({ id }: State): string {
  if (id === 'standby') return 'not read yet';
  return id === 'leading' ? 'the renew deadline has passed' : 'stopping';
}

/** As Kubernetes' own components write it; a readiness that fails is 503 here. */
function healthReply(
  kind: string,
  one: string | null,
  all: readonly Part[],
  isVerbose: boolean,
): Reply | null {
  const parts = one === null ? all : all.filter(([name]) => name === one);
  if (parts.length === 0) return null;
  const hasFailed = parts.some(([, problem]) => problem !== null);
  if (!hasFailed && !isVerbose) return textReply(200, 'ok');
  const lines = parts.map(([name, problem]) =>
    problem === null ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
  );
  const body = `${lines.join('\n')}\n${kind} check ${hasFailed ? 'failed' : 'passed'}\n`;
  if (!hasFailed) return textReply(200, body);
  return textReply(kind === 'readyz' ? 503 : 500, body);
}

function json(status: number, value: object): Reply {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
