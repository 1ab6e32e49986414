import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** What `src/election` may not touch: it is pure, so that it can be simulated and explored exhaustively. */
const impureGlobals = [
  'Date',
  'performance',
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'console',
  'crypto',
  'Buffer',
];

/** Each folder is a role; only files in `src` itself know several of them. `allowed` has its own sub-folders, too. */
const mayImportOnly = (folder, allowed) => ({
  files: [`src/${folder}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(\\.\\./)+(?!\\.\\./|(${[...allowed, 'none'].join('|')})/|[\\w-]+\\.ts$)|^(\\.\\./)+(completing|load|look|main|run|surroundings)\\.ts$`,
            message: `src/${folder} may import only from itself and ${allowed.join(', ')}`,
          },
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['dist', 'release', 'node_modules', 'reports', '.stryker-tmp', '.cache'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js'] } },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['src/**'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js'] })],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', 60],
    },
  },
  {
    files: ['src/election/**'],
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!\\./|\\.\\./json\\.ts$)',
              message: 'src/election is pure: it imports only from itself and src/json.ts',
            },
          ],
        },
      ],
    },
  },
  mayImportOnly('lease', ['election']),
  mayImportOnly('command', ['election', 'process', 'gate', 'guard', 'tree']),
  mayImportOnly('process', ['election']),
  mayImportOnly('operate', ['election', 'lease']),
  mayImportOnly('cli', ['election']),
  mayImportOnly('sandbox', ['process']),
);
