/** Single metrics of prom-client: all that it has by default would also watch garbage collection and the event loop. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client';

  export default function collect(registry: Registry): void;
}
