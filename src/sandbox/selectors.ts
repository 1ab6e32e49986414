/** Field and label selectors, with the server's words for those it does not understand. */
import type { JsonObject } from '../json.ts';
import type { Lease } from './store.ts';

export type Selector = (object: Lease) => boolean;

export type ParsedSelector =
  | { readonly id: 'selector'; readonly matches: Selector }
  | { readonly id: 'failed'; readonly message: string };

const everything: ParsedSelector = { id: 'selector', matches: () => true };

function every(terms: readonly Selector[]): ParsedSelector {
  return { id: 'selector', matches: (object) => terms.every((matches) => matches(object)) };
}

/** `metadata.name=x`, `metadata.namespace!=y`, joined by commas; empty terms count as none. */
export function parseFieldSelector(text: string): ParsedSelector {
  const terms: Selector[] = [];
  for (const term of text.split(',')) {
    if (term === '' || term === '=') continue;
    const parts = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (parts === null) {
      const message = `invalid selector: '${text}'; can't understand '${term}'`;
      return { id: 'failed', message };
    }
    const [, field = '', operator, value = ''] = parts;
    if (value.includes('=')) {
      return { id: 'failed', message: 'invalid field selector: unescaped character in value: 61' };
    }
    if (field !== 'metadata.name' && field !== 'metadata.namespace') {
      const message = `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
      return { id: 'failed', message };
    }
    const key = field === 'metadata.name' ? 'name' : 'namespace';
    terms.push(({ metadata }) => (metadata[key] === value) === (operator !== '!='));
  }
  return every(terms);
}

const requirementPattern =
  /^\s*(?:(?<absent>!)\s*(?<missing>[^\s!=,()]+)|(?<key>[^\s!=,()]+)(?:\s*(?<operator>==|=|!=)\s*(?<value>[^\s!=,()]*)|\s+(?<set>in|notin)\s*\((?<values>[^()]*)\))?)\s*(?:,|$)/;

/** `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas. */
export function parseLabelSelector(text: string): ParsedSelector {
  if (text.trim() === '') return everything;
  const terms: Selector[] = [];
  let rest = text;
  while (rest !== '') {
    const match = requirementPattern.exec(rest);
    if (match === null || (rest.endsWith(',') && match[0] === rest)) {
      return { id: 'failed', message: `unable to parse requirement: ${JSON.stringify(text)}` };
    }
    terms.push(requirement(match.groups ?? {}));
    rest = rest.slice(match[0].length);
  }
  return every(terms);
}

function requirement(groups: Readonly<Record<string, string | undefined>>): Selector {
  const { absent, missing = '', key = '', operator, value = '', set, values = '' } = groups;
  if (absent !== undefined) return (object) => labelOf(object, missing) === undefined;
  if (operator === '!=') return (object) => labelOf(object, key) !== value;
  if (operator !== undefined) return (object) => labelOf(object, key) === value;
  if (set === undefined) return (object) => labelOf(object, key) !== undefined;
  const allowed = new Set<unknown>(values.split(',').map((item) => item.trim()));
  return (object) => allowed.has(labelOf(object, key)) === (set === 'in');
}

function labelOf(object: Lease, key: string): unknown {
  const labels = object.metadata['labels'] as JsonObject | undefined;
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}
