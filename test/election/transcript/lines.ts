/**
 * Effects and states as lines of a story.
 */
import type { Effect } from '../../../src/election/effect.ts';
import { metadataOf } from '../lease-store.ts';
import type { LeaseRequest } from '../../../src/election/lease.ts';
import type { Report } from '../../../src/election/report.ts';
import type { State } from '../../../src/election/state.ts';
import { nextDeadlineMs } from '../../../src/election/step.ts';
import { plain, seconds, writeLease, writeTimes } from './notation.ts';

export function lineOf(effect: Effect): string {
  switch (effect.id) {
    case 'send':
      return `#${effect.request} ${requestOf(effect.body)}, within ${seconds(effect.timeoutMs)}`;
    case 'abandon':
      return `give up #${effect.request}`;
    case 'watch':
      return `watch from ${effect.resourceVersion ?? 'what is there'}, reopened after ${seconds(effect.silenceMs)} of silence`;
    case 'unwatch':
      return 'close the watch';
    case 'start-command': {
      const { fencingToken, leaseTransitions, acquireTime } = effect.term;
      const term = `token=${fencingToken} transitions=${leaseTransitions} acquired=${writeTimes(acquireTime)}`;
      return `start the command: ${term}, not after ${seconds(effect.notAfterMs)}, guard kills at ${seconds(effect.killAtMs)}`;
    }
    case 'extend-guard':
      return `guard kills at ${seconds(effect.killAtMs)}`;
    case 'signal-command':
      return `pass ${effect.signal} on to the command`;
    case 'stop-command':
      return 'send the stop signal to the command';
    case 'stop-tree':
      return 'send the stop signal to the tree';
    case 'kill-tree':
      return 'kill the tree';
    case 'prepare-command':
      return 'prepare another command';
    case 'withdraw-label':
      return 'take the label away';
    case 'report':
      return `say ${reportOf(effect.report)}`;
    case 'finish':
      return `finish: ${factsOf(effect.outcome)}`;
  }
}

export function lineOfState(state: State): string {
  const parts: string[] = [state.id];
  if ('requestState' in state && state.requestState.id !== 'idle')
    parts.push(`${state.requestState.id} #${state.requestState.request}`);
  if ('command' in state) parts.push(`command ${state.command.id}`);
  const nextMs = nextDeadlineMs(state);
  if (nextMs !== Infinity) parts.push(`next ${seconds(nextMs)}`);
  return `= ${parts.join(', ')}`;
}

export function requestOf(request: LeaseRequest): string {
  switch (request.id) {
    case 'get':
      return 'GET';
    case 'create':
      return `POST ${writeLease(request.body)}`;
    case 'update':
      return `PUT on ${plain(metadataOf(request.body)['resourceVersion'])} ${writeLease(request.body)}`;
  }
}

function reportOf({ id, ...facts }: Report): string {
  return [id, factsOf(facts)].join(' ').trim();
}

/** `{id: 'expired', sinceMs: 1500}` as `expired since=1.5s`. */
function factsOf(facts: object): string {
  const words = Object.entries(facts).map(([name, value]) => wordOf(name, value));
  return writeTimes(words.filter((word) => word !== '').join(' '));
}

function wordOf(name: string, value: unknown): string {
  if (name === 'id' || name === 'reason')
    return isObject(value) ? `${name}=(${factsOf(value)})` : plain(value);
  if (name === 'message') return JSON.stringify(value);
  if (value === null) return `${name.replace(/Ms$/, '')}=none`;
  if (isObject(value)) return `${name}=(${factsOf(value)})`;
  if (name.endsWith('Ms')) return `${name.replace(/Ms$/, '')}=${seconds(Number(value))}`;
  return `${name}=${plain(value)}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
