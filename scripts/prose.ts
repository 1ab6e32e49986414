/** Part of `npm run lint`: the words of `prose-words.txt` must not be in the pages, code apart, nor in the program's messages. */
import { filesLike, readText } from '../test/docs/files.ts';
import { messagesOfTheProgram } from '../test/docs/messages.ts';

const rules = readText('scripts/prose-words.txt')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [pattern = '', advice = ''] = line.split(' => ');
    return { pattern: new RegExp(pattern, 'giu'), advice };
  });

/** The page with its code made blank, so that its lines keep their numbers. */
export function withoutCode(page: string): string {
  const blank = (code: string): string => code.replaceAll(/[^\n]/g, ' ');
  return page
    .replaceAll(/^( *)```[^]*?^\1```$/gm, blank)
    .replaceAll(/`[^`]*`/g, blank)
    .replaceAll(/<!--[^]*?-->/g, blank)
    .replaceAll(/\]\([^)]*\)/g, blank);
}

/** What is wrong with a text, with the place of each. A line break is a space. */
export function complaints(text: string, name: string): string[] {
  const flat = text.replaceAll('\n', ' ');
  return rules.flatMap(({ pattern, advice }) =>
    [...flat.matchAll(pattern)].map(({ 0: found, index }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${name}:${line}: "${found.trim()}": ${advice}`;
    }),
  );
}

if (process.argv[1] === import.meta.filename) {
  // Past changes are told in the words of their time.
  const pages = filesLike(/\.md$/).filter((page) => page !== 'CHANGELOG.md');
  const messages = messagesOfTheProgram();
  const found = [
    ...pages.flatMap((page) => complaints(withoutCode(readText(page)), page)),
    ...messages.flatMap(({ file, text }) => complaints(text, file)),
  ];
  for (const complaint of found) console.error(complaint);
  process.exitCode = found.length === 0 ? 0 : 1;
}
