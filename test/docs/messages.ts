/** The messages of the program, out of its sources: what a person may see and look up. */
import { relative } from 'node:path';
import ts from 'typescript';
import { filesLike, readText } from './files.ts';

export interface Message {
  readonly file: string;
  /** With … for each value that is filled in. */
  readonly text: string;
}

/** No messages: what an internal error reports, help texts, shell scripts, the bodies that the sandbox answers with, and what is text for other programs. */
const others =
  /(?:cli\/(?:flags|subcommand-flags|programs)|invariants|-script|gate-plan|subreaper|koffi\.d|metrics)\.ts$/;
const sandboxMessages = /sandbox\/(?:run|sandbox|kubeconfig)\.ts$/;

/** Every text of three words or more that is not the reason of an exception, and what the launcher says. */
export function messagesOfTheProgram(): Message[] {
  const ofSources = sources()
    .filter(
      (file) => !others.test(file) && (!file.includes('/sandbox/') || sandboxMessages.test(file)),
    )
    .flatMap((file) => textsOf(file).map((text) => ({ file, text })))
    .filter(({ file, text }) => isForPeople(file, text));
  return [...ofSources, ...messagesOfTheLauncher()];
}

function messagesOfTheLauncher(): Message[] {
  const file = 'bin/leader-run';
  return [...readText(file).matchAll(/\bstop (?:"((?:\\.|[^"\\])*)"|'([^']*)')/g)].map(
    ([, double, single = '']) => ({
      file,
      text: (double ?? single)
        .replaceAll(String.raw`\"`, '"')
        .replaceAll(/\$\(\(.*?\)\)|\$[\w#]+/g, '…'),
    }),
  );
}

/** All TypeScript files of `src`, but for the one whose texts are programs for shells. */
export function sources(): string[] {
  return filesLike(/^src\/.*\.ts$/).filter((file) => !file.endsWith('/completion-scripts.ts'));
}

/** In `src/cli` everything is; elsewhere what reads like a sentence and not like a program. */
function isForPeople(file: string, text: string): boolean {
  const isSentence = wordsOf(text) >= 3;
  if (file.startsWith('src/cli/')) return isSentence || /^[A-Z][a-z]+ .*…/.test(text);
  return isSentence && /^["…A-Za-z].*$/.test(text.trim()) && !/\$[({"a-z]|\w=…/.test(text);
}

function textsOf(file: string): string[] {
  const text = readText(file);
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isThrowStatement(node) || ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) found.push(node.text);
    else if (ts.isTemplateExpression(node)) found.push(templateText(node));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.map((one) => one.replaceAll(/…(?:…)+/g, '…'));
}

function templateText(node: ts.TemplateExpression): string {
  const spans = node.templateSpans.map(
    ({ expression, literal }) =>
      (/\b(?:lease|place|introduction)$/.test(expression.getText()) ? 'lease "…"' : '…') +
      literal.text,
  );
  return node.head.text + spans.join('');
}

/** What a page says of messages: each bullet that begins with code is about the messages that look like it. */
export function entriesOf(page: string): string[] {
  const text = readText(page);
  return [...text.matchAll(/^- ((?:`[^`]+`(?:,\s+|\s+or\s+)?)+)/gm)].flatMap(([, head = '']) =>
    [...head.matchAll(/`([^`]+)`/g)].map(([, entry = '']) => entry.replaceAll(/\s+/g, ' ')),
  );
}

/**
 * Whether the message looks like the entry. In an entry of four words and more … stands for any text; in a shorter one it would swallow
 * messages that nobody has thought of, and stands for values alone.
 */
export function isAbout(entry: string, { text }: Message): boolean {
  const any = wordsOf(entry) >= 4 ? '.*' : '[^a-z]*…[^a-z]*';
  const pattern = entry
    .split(/( ?… ?)/)
    .map((part) =>
      part.includes('…') ? any : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
    )
    .join('');
  return new RegExp(`^${pattern}$`, 's').test(text.replace(/^leader-run: /, '').trim());
}

function wordsOf(text: string): number {
  return text.split(/\s+/).filter((word) => /[a-z]{2}/i.test(word)).length;
}

/** For the report of a failure. */
export function shown({ file, text }: Message): string {
  return `${relative('src', file)}: ${text}`;
}
