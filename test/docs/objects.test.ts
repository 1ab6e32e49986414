/** The page about what leader-run writes into a cluster has all of it, and nothing that it does not write. */
import { expect, it } from 'vitest';
import { filesLike, readText } from './files.ts';

const page = readText('docs/objects.md');
const source = filesLike(/\.ts$/, 'src').map(readText).join('\n');

function all(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, found = '']) => found))].toSorted();
}

it('has every annotation of the sources, with who writes it and what an edit does', () => {
  const ours = all(source, /['"`](leader-run\/[a-z-]+)['"`]/g);
  const others = all(source, /Annotation = '((?!leader-run\/)[^']+)'/g);
  expect(ours.length).toBeGreaterThan(5);
  expect(others.length).toBeGreaterThan(0);
  expect(all(page, /^\| `(leader-run\/[a-z-]+)`/gm)).toEqual(ours);
  expect(all(page, /^- \*\*`(leader-run\/[a-z-]+)`\*\*/gm)).toEqual(ours);
  expect(others.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

it('has the Events', () => {
  const events = readText('src/operate/events.ts');
  const reasons = all(events, /reason: '(\w+)'/g).map((reason) => `reason \`${reason}\``);
  const messages = all(events, /#send\('([^']+)'/g).map((what) => `\`<identity> ${what}\``);
  expect([reasons.length, messages.length]).toEqual([1, 2]);
  expect([...reasons, ...messages].filter((text) => !page.includes(text))).toEqual([]);
});
