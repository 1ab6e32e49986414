/** A row of the table: a kubeconfig, made anew for each client, and what surrounds it. */
import type { World } from './world.ts';

/** A kubeconfig as an object is written as JSON, which is YAML. */
export type Content = string | Buffer | object;

export interface Made {
  /** By their names in the folder; `config` is given by --kubeconfig, unless `env` has KUBECONFIG. */
  readonly files: Readonly<Record<string, Content>>;
  readonly context?: string | null;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Row {
  readonly name: string;
  readonly make: (world: World) => Made;
  /** Why leader-run does otherwise than kubectl; null: it does the same. */
  readonly difference: string | null;
}

type Sections = { readonly cluster?: object; readonly user?: object | null };

export function row(name: string, make: Row['make'], difference: string | null = null): Row {
  return { name, make, difference };
}

/** A row with one file. */
export function config(
  name: string,
  make: (world: World) => Content,
  difference: string | null = null,
): Row {
  return row(name, (world) => ({ files: { config: make(world) } }), difference);
}

/** The usual kubeconfig: the TLS server and its authority, with these fields beside them, and a user with a token. */
export function usual(
  world: World,
  { cluster = {}, user = { token: 'usual' } }: Sections = {},
): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    clusters: [{ name: 'c', cluster: { ...tls(world), ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  };
}

export function tls({ ports, authority }: World) {
  return {
    server: `https://localhost:${ports.tls}`,
    'certificate-authority-data': base64(authority.cert),
  };
}

/** Rows that differ in the user alone. */
export function users(
  table: readonly (readonly [
    name: string,
    user: object | null | ((world: World) => object),
    difference?: string,
  ])[],
): Row[] {
  return table.map(([name, user, difference]) =>
    config(
      name,
      (world) =>
        usual(world, {
          user: typeof user === 'function' ? (user as (world: World) => object)(world) : user,
        }),
      difference,
    ),
  );
}

/** Rows that differ in the cluster alone; undefined removes a field. */
export function clusters(
  table: readonly (readonly [
    name: string,
    cluster: object | ((world: World) => object),
    difference?: string,
  ])[],
): Row[] {
  return table.map(([name, cluster, difference]) =>
    config(
      name,
      (world) =>
        usual(world, {
          cluster:
            typeof cluster === 'function' ? (cluster as (world: World) => object)(world) : cluster,
          user: { token: 't' },
        }),
      difference,
    ),
  );
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
