import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesLike, readText, root } from './files.ts';
import { sources } from './messages.ts';

const pages = filesLike(/\.md$/);

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...readText(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

/** `[text](target)` and `src="target"`, not in code. */
function linksOf(page: string): string[] {
  const prose = readText(page)
    .replaceAll(/^( *)```[^]*?^\1```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

describe('the documentation', () => {
  it.each(pages)('%s: each relative link leads to a file, and to a heading of it', (page) => {
    const broken = linksOf(page)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path = '', anchor = ''] = target.split('#');
        const file = path === '' ? page : relative(root, resolve(root, dirname(page), path));
        if (!existsSync(join(root, file))) return true;
        return anchor !== '' && !anchorsOf(file).includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  it.each(pages)('%s: every file that it names exists', (page) => {
    const named = [
      ...readText(page).matchAll(
        /`((?:src|test|scripts|bin|docs|examples|\.ci|\.github)\/[\w./-]+)`/g,
      ),
    ];
    const missing = named
      .map(([, path = '']) => path)
      .filter((path) => !existsSync(join(root, path)));
    // What a build or a run writes is not there on a fresh checkout.
    expect(missing.filter((path) => !path.startsWith('dist/'))).toEqual([]);
  });

  it('every page of docs is in the index', () => {
    const index = linksOf('docs/README.md');
    const top = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== 'docs/README.md');
    expect(top.filter((page) => !index.includes(page.slice('docs/'.length)))).toEqual([]);
  });

  it('every decision is in the index, with its status and date', () => {
    const index = readText('docs/decisions/README.md').replaceAll(/ +/g, ' ');
    const decisions = pages.filter((page) => /^docs\/decisions\/\d/.test(page));
    expect(decisions.length).toBeGreaterThan(5);
    for (const page of decisions) {
      const [, title = '', status = '', date = ''] =
        /^# (.+)\n\nStatus: (.+) · Date: (\d{4}-\d\d-\d\d)\n/.exec(readText(page)) ?? [];
      const name = page.slice('docs/decisions/'.length);
      expect(index).toContain(`| [${title}](${name}) | ${status} | ${date} |`);
    }
  });
});

it('every suite is in the table of the tests', () => {
  const suites = filesLike(/^test\/[^/]+\/.*\.test\.ts$/).map((path) => path.split('/')[1] ?? '');
  const missing = [...new Set(suites)].filter(
    (suite) => !readText('test/README.md').includes(`| \`test/${suite}\` `),
  );
  expect(missing).toEqual(['fixtures']);
});

describe('the guarantees', () => {
  const map = readText('docs/guarantees.md');

  it.each(['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7'])('%s has a section and tests', (name) => {
    expect(map).toMatch(new RegExp(`^## ${name} `, 'm'));
    expect(map).toMatch(new RegExp(`^- \\*\\*(?:G\\d and )?${name}[^\\n]*\\*\\*[^-]*test/`, 'm'));
  });
});

describe('the design', () => {
  const headings = [
    ...readText('docs/design.md').matchAll(/^## (\d+)\. .*([^]*?)(?=^## |$(?![^]))/gm),
  ];
  const sections = new Map(headings.map(([, number = '', text = '']) => [number, text]));
  const cited = [
    ...sources(),
    ...filesLike(/^(?:test|scripts|docs)\/.*\.(?:ts|txt|mjs|md)$/),
  ].flatMap((file) =>
    [
      ...readText(file).matchAll(
        /\bdesign(?:\.md)? (?:section )?(\d)(?: and (\d))?(?:,? "?([A-Z]\w+(?: \w+)*))?/g,
      ),
    ].map(([text, first = '', second, heading]) => ({
      text: `${file}: ${text}`,
      numbers: second === undefined ? [first] : [first, second],
      heading,
    })),
  );

  it('has every section that sources and tests cite', () => {
    expect(cited.length).toBeGreaterThan(50);
    const missing = cited.filter(({ numbers }) => !numbers.every((number) => sections.has(number)));
    expect(missing.map(({ text }) => text)).toEqual([]);
  });

  it('has every heading that they cite', () => {
    const missing = cited.filter(({ numbers: [number = ''], heading }) => {
      const bold = [...(sections.get(number) ?? '').matchAll(/\*\*([^*]+?)\.?\*\*/g)].map(
        ([, name]) => name,
      );
      return heading !== undefined && !bold.includes(heading);
    });
    expect(missing.map(({ text }) => text)).toEqual([]);
  });
});
