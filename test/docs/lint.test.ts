/** The lint notices what the shape of the sources forbids: the rules themselves are asked, about texts that break them. */
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { expect, it } from 'vitest';
import { root } from './files.ts';

const rules = [
  'import-x/no-cycle',
  'max-lines',
  'max-lines-per-function',
  'no-restricted-globals',
  'no-restricted-imports',
];

// Without the rules that need types, and without the types: they take seconds.
const eslint = new ESLint({
  cwd: root,
  ruleFilter: ({ ruleId }) => rules.includes(ruleId),
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
});

const lines = (count: number): string => '// A line.\n'.repeat(count);
const functionOf = (lineCount: number): string =>
  `export function f(): void {\n${'  g();\n'.repeat(lineCount - 2)}}\n`;

it.each([
  ['300 lines', 'src/cli/help.ts', lines(300), []],
  ['301 lines', 'src/cli/help.ts', lines(301), ['max-lines']],
  ['a function of 60 lines', 'src/cli/help.ts', functionOf(60), []],
  ['a function of 61 lines', 'src/cli/help.ts', functionOf(61), ['max-lines-per-function']],
  [
    'an import cycle',
    'src/election/settings.ts',
    "import { step } from './step.ts';\nexport const attemptTimeoutMs = step;\n",
    ['import-x/no-cycle'],
  ],
  [
    'a core that reads the clock',
    'src/election/settings.ts',
    'export const nowMs = Date.now();\n',
    ['no-restricted-globals'],
  ],
  [
    'a core that reads files',
    'src/election/settings.ts',
    "import 'node:fs';\n",
    ['no-restricted-imports'],
  ],
  [
    'a folder that imports another which it may not',
    'src/lease/lines.ts',
    "import { quote } from '../cli/text.ts';\nexport const f = quote;\n",
    ['no-restricted-imports'],
  ],
])('the lint is right about %s', async (_, file, text, expected) => {
  const [result] = await eslint.lintText(text, { filePath: join(root, file) });
  expect(result?.messages.map(({ ruleId }) => ruleId)).toEqual(expected);
});
