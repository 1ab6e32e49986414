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

/** Each folder is a role; only `src/run.ts` and `src/main.ts` know several of them. */
const mayImportOnly = (folder, allowed) => ({
  files: [`src/${folder}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^\\.\\./(?!${allowed.map((name) => `${name}/`).join('|') || '$'})`,
            message: `src/${folder} may import only from itself${allowed.map((name) => ` and src/${name}`).join('')}`,
          },
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'reports', '.stryker-tmp', '.cache'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js', 'scripts/*.mjs'] } },
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
    files: ['src/election/**'],
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(?!\\./)', message: 'src/election is pure: it imports only from itself' },
          ],
        },
      ],
    },
  },
  mayImportOnly('lease', ['election']),
  mayImportOnly('child', ['election']),
  mayImportOnly('cli', ['election']),
  mayImportOnly('sandbox', []),
);
