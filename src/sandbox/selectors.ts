/** Field and label selectors. Those that cannot be understood are refused. */
import type { JsonObject } from '../json.ts';
import { badRequest, refuse } from './status.ts';
import type { Lease } from './store.ts';

export type Selector = (object: Lease) => boolean;

function every(terms: readonly Selector[]): Selector {
  return (object) => terms.every((matches) => matches(object));
}

/** `metadata.name=x`, `metadata.namespace!=y`, joined by commas; empty terms count as none. */
export function parseFieldSelector(text: string): Selector {
  const terms: Selector[] = [];
  for (const term of text.split(',')) {
    if (term === '' || term === '=') continue;
    const parts = /^metadata\.(name|namespace)(!=|==|=)([^=]*)$/.exec(term);
    if (parts === null) refuse(badRequest(`fieldSelector: "${term}" is not understood`));
    const [, field = '', operator, value] = parts;
    terms.push(({ metadata }) => (metadata[field] === value) === (operator !== '!='));
  }
  return every(terms);
}

const requirementPattern =
  /^\s*(?:(?<absent>!)\s*(?<missing>[^\s!=,()]+)|(?<key>[^\s!=,()]+)(?:\s*(?<operator>==|=|!=)\s*(?<value>[^\s!=,()]*)|\s+(?<set>in|notin)\s*\((?<values>[^()]*)\))?)\s*(?:,|$)/;

/** `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas. */
export function parseLabelSelector(text: string): Selector {
  const terms: Selector[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const match = requirementPattern.exec(rest);
    if (match === null || (rest.endsWith(',') && match[0] === rest)) {
      refuse(badRequest(`labelSelector: "${text}" is not understood`));
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
