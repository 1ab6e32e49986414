/** Files: encodings, YAML, lists of files, contexts. */
import { config, row, tls, usual, type Content, type Row } from './row.ts';
import type { World } from './world.ts';

/** The usual kubeconfig in YAML, these lines in place of the user's. */
const yaml = (world: World, user = 'token: abc', more = '') => `apiVersion: v1
kind: Config
${more}
current-context: x
clusters:
- name: c
  cluster: ${JSON.stringify(tls(world))}
contexts:
- name: x
  context: {cluster: c, user: u}
users:
- name: u
  user:
    ${user}
`;

const file = (name: string, make: (world: World) => Content, difference: string | null = null) =>
  config(name, make, difference);

/** KUBECONFIG lists these files, and those that are not there. */
const list = (
  name: string,
  kubeconfig: string,
  make: (world: World) => Readonly<Record<string, Content>>,
  { context, difference = null }: { context?: string; difference?: string | null } = {},
): Row =>
  row(
    name,
    (world) => ({
      files: make(world),
      env: { KUBECONFIG: kubeconfig },
      ...(context !== undefined && { context }),
    }),
    difference,
  );

const asNames =
  'kubectl refuses a name that looks like something else; it is the text that is written';

const namedBy = (world: World, name: string) =>
  yaml(world)
    .replace('current-context: x', `current-context: ${name}`)
    .replace('name: x', `name: ${name}`);

export const fileRows: readonly Row[] = [
  file('YAML', (world) => yaml(world)),
  file('JSON', (world) => usual(world, { user: { token: 'abc' } })),
  file('with carriage returns', (world) => yaml(world).replaceAll('\n', '\r\n')),
  file('with a byte order mark', (world) => `\ufeff${yaml(world)}`),
  file('in UTF-16, little end first', (world) => Buffer.from(`\ufeff${yaml(world)}`, 'utf16le')),
  file('in UTF-16, big end first', (world) =>
    Buffer.from(`\ufeff${yaml(world)}`, 'utf16le').swap16(),
  ),
  file('in UTF-16 without a mark', (world) => Buffer.from(yaml(world), 'utf16le')),
  file('in Latin-1', (world) => Buffer.from(yaml(world, 'token: ä'), 'latin1')),
  file('empty', () => ''),
  file('a comment', () => '# nothing\n'),
  file('null', () => 'null'),
  file('a list', () => '- a\n'),
  file('a word', () => 'abc'),
  file('not YAML', () => 'clusters: [\n'),
  file('with a tab', (world) => yaml(world, '\ttoken: abc')),
  file('with a second document', (world) => `${yaml(world)}---\na: b\n`),
  file('with a broken second document', (world) => `${yaml(world)}---\nusers: [\n`),
  file('with an end and something behind it', (world) => `${yaml(world)}...\n[[[\n`),
  file('with a marker first', (world) => `---\n${yaml(world)}`),
  file('with a directive', (world) => `%YAML 1.1\n---\n${yaml(world)}`),
  file('with an empty first document', (world) => `---\n---\n${yaml(world)}`),
  file('with comments', (world) => `# a\n${yaml(world)}# b\n`),
  file('with a key twice', (world) => yaml(world, 'token: a\n    token: b')),
  file('with a section twice', (world) => `${yaml(world)}users: [{name: u, user: {token: z}}]\n`),
  file('with merge keys', (world) =>
    yaml(world, '<<: *base\n    token: own', 'base: &base {as: eve, token: base}'),
  ),
  file('with a list of merge keys', (world) =>
    yaml(world, '<<: [*a, *b]', 'p: &a {as: eve}\nq: &b {as: bob, token: b}'),
  ),
  file(
    'with a merge key behind',
    (world) => yaml(world, 'token: own\n    <<: *base', 'base: &base {token: base, as: eve}'),
    "in YAML the keys beside a merge key win; in Go's parser the last one does",
  ),
  file('with an anchor and an alias', (world) => yaml(world, 'token: *t', 'p: &t abc')),
  file('with an alias that leads nowhere', (world) => yaml(world, 'token: *t')),
  file('with a block of text', (world) => yaml(world, 'token: |-\n      abc')),
  file('with a folded block', (world) => yaml(world, 'token: >-\n      abc\n      def')),
  file('with quotes', (world) => yaml(world, 'token: "a\\x62c"')),
  file('with single quotes', (world) => yaml(world, "token: 'a''c'")),
  file('with a tag', (world) => yaml(world, 'token: !!str 123')),
  file('with a tag that is unknown', (world) => yaml(world, 'token: !x abc')),
  file('with a date for a token', (world) => yaml(world, 'token: 2024-01-05')),
  file('with a time for a token', (world) => yaml(world, 'token: 12:30:45')),
  file('with a number for a token', (world) => yaml(world, 'token: 1e3')),
  file('with a boolean for a token', (world) => yaml(world, 'token: yes')),
  file('with null for a token', (world) => yaml(world, 'token: ~\n    username: bob')),
  file('with a date for a name', (world) => namedBy(world, '2024-01-05')),
  file('with yes for a name', (world) => namedBy(world, 'yes'), asNames),
  file('with a number for a name', (world) => namedBy(world, '123'), asNames),
  file('with a quoted number for a name', (world) => namedBy(world, '"123"')),
  file('without kind and apiVersion', (world) => yaml(world).replace(/^.*\n.*\n/, '')),
  file('of another kind', (world) => yaml(world).replace('Config', 'Pod')),
  file('of another version', (world) => yaml(world).replace('v1', 'v2')),
  file('with sections that are null', (world) => ({
    ...usual(world),
    extensions: null,
    preferences: null,
  })),
  file('with sections that are not known', (world) => ({ ...usual(world), colors: [1] })),
  file('with users that are no list', (world) => ({ ...usual(world), users: { u: {} } })),
  file('with a user that is no mapping', (world) => ({ ...usual(world), users: [3] })),
  file('with an unused entry that is null', (world) => ({
    ...usual(world),
    clusters: [null, ...(usual(world) as { clusters: object[] }).clusters],
  })),
  ...['clusters', 'users', 'contexts'].map((section) =>
    file(`with a name twice in ${section}`, (world) => {
      const whole = usual(world) as Record<string, object[]>;
      const entries = whole[section] ?? [];
      return { ...whole, [section]: [...entries, ...entries] };
    }),
  ),
  file('with an unused user that is wrong', (world) => ({
    ...usual(world),
    users: [
      { name: 'u', user: { token: 't' } },
      { name: 'v', user: { token: 't', username: 'n' } },
    ],
  })),
  file('with an unused user of a wrong type', (world) => ({
    ...usual(world),
    users: [
      { name: 'u', user: { token: 't' } },
      { name: 'v', user: { token: 7 } },
    ],
  })),
  file('whose context is missing', (world) => ({ ...usual(world), 'current-context': 'y' })),
  file('without current-context', (world) => ({ ...usual(world), 'current-context': '' })),
  file('whose cluster is missing', (world) => ({ ...usual(world), clusters: [] })),
  row('with another context that is asked for', (world) => {
    const whole = usual(world) as { contexts: object[]; users: object[] };
    return {
      files: {
        config: {
          ...whole,
          contexts: [...whole.contexts, { name: 'y', context: { cluster: 'c', user: 'v' } }],
          users: [...whole.users, { name: 'v', user: { token: 'v' } }],
        },
      },
      context: 'y',
    };
  }),
  row('with a context that is asked for and missing', (world) => ({
    files: { config: usual(world) },
    context: 'y',
  })),
  row('that is missing', () => ({ files: {} })),
  list('that is the only one of KUBECONFIG', 'a', (world) => ({
    a: usual(world, { user: { token: 'abc' } }),
  })),
  list('of which the first has the user', 'a:b', (world) => ({
    a: { users: [{ name: 'u', user: { token: 'first' } }] },
    b: usual(world, { user: { token: 'second', as: 'eve' } }),
  })),
  list('of which the second has the user', 'b:a', (world) => ({
    a: { users: [{ name: 'u', user: { token: 'first' } }] },
    b: usual(world, { user: { token: 'second' } }),
  })),
  list('of which some are missing', ':missing:a:', (world) => ({
    a: usual(world, { user: { token: 'abc' } }),
  })),
  list('of which all are missing', 'missing:none', () => ({})),
  list('of which one is listed twice', 'a:a', (world) => ({ a: usual(world) })),
  list('of which one is broken', 'a:b', (world) => ({ a: usual(world), b: 'users: [' })),
  list('of which one is empty', 'b:a', (world) => ({ a: usual(world), b: '' })),
  list('of which the second chooses the context', 'a:b', (world) => ({
    a: { ...usual(world), 'current-context': '' },
    b: { 'current-context': 'x' },
  })),
  list('of which both choose a context', 'a:b', (world) => ({
    a: usual(world),
    b: { 'current-context': 'y' },
  })),
  list('of which one is in another folder, with relative paths', 'sub/a:b', (world) => ({
    'sub/a': { users: [{ name: 'u', user: { tokenFile: 'token' } }] },
    'sub/token': 'from-sub',
    token: 'from-here',
    b: usual(world),
  })),
  list('in the home', '', (world) => ({
    'home/.kube/config': usual(world, { user: { token: 'home' } }),
  })),
];
