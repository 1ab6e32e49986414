/** The API of the election with its requests counted on the way. It changes nothing. */
import type { Answer, LeaseRequest } from '../election/lease.ts';
import type { LeaseApi } from '../lease/api.ts';
import { codeOf, type Measurements } from './measurements.ts';

export function countRequests(api: LeaseApi, measurements: Measurements): LeaseApi {
  const { requests, watchRestarts } = measurements;
  let hasWatched = false;
  return {
    send: (request, timeoutMs) => {
      const pending = api.send(request, timeoutMs);
      void pending.answer.then((answer) =>
        requests.add(`${request.id} ${codeOfAnswer(request, answer)}`),
      );
      return pending;
    },
    watch: (resourceVersion, silenceMs, onEvent) =>
      api.watch(resourceVersion, silenceMs, (event) => {
        if (event.id === 'open') {
          requests.add('watch 200');
          if (hasWatched) watchRestarts.add();
          hasWatched = true;
        } else if (event.id === 'forbidden') requests.add('watch 403');
        else if (event.id === 'down') requests.add(`watch ${codeOf(event.failure)}`);
        onEvent(event);
      }),
    close: () => api.close(),
  };
}

function codeOfAnswer({ id }: LeaseRequest, answer: Answer): string {
  switch (answer.id) {
    case 'lease':
      return id === 'create' ? '201' : '200';
    case 'not-found':
      return '404';
    case 'conflict':
      return '409';
    case 'failed':
      return codeOf(answer.failure);
  }
}
