import { describe, expect, it } from 'vitest';
import { pages, renew } from '../../scripts/docs.ts';
import { readText } from './files.ts';

it.each(pages)('$path has the tables that `npm run docs` makes of the program', async (page) => {
  expect(readText(page.path)).toBe(await renew(page));
});

describe('the README', () => {
  const readme = readText('README.md');
  const cells = [...readme.matchAll(/^\|(.*)\|$/gm)].flatMap(([, row = '']) => row.split('|'));
  const words = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;

  it('has at most 150 lines and 1,300 words', () => {
    expect(readme.split('\n').length - 1).toBeLessThanOrEqual(150);
    expect(words(readme)).toBeLessThanOrEqual(1_300);
  });

  it('has no table cell of more than 15 words', () => {
    expect(cells.length).toBeGreaterThan(30);
    expect(cells.filter((cell) => words(cell) > 15)).toEqual([]);
  });
});
