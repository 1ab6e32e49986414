/** Prometheus' text format 0.0.4, strictly: https://prometheus.io/docs/instrumenting/exposition_formats/. */

export interface Family {
  readonly type: string;
  readonly help: string;
  /** By name and labels, as they are written. */
  readonly samples: ReadonlyMap<string, number>;
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const label = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const sample = new RegExp(`^(${name})((?:\\{${label}(?:,${label})*\\})?) (\\S+)$`);

/** Reads all of it; throws at the first thing that is not as it should be. */
export function parseMetrics(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  let current = '';
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, kind, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (families.has(about)) throw new Error(`${about} comes twice`);
      families.set(about, { type: '', help: rest, samples: new Map() });
      current = about;
    } else if (kind === 'TYPE') {
      const family = families.get(about);
      if (family === undefined || about !== current) throw new Error(`${about} has no HELP`);
      if (!/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`${about} is a ${rest}`);
      family.type = rest;
    } else addSample(line, current, families.get(current));
  }
  for (const [about, family] of families) checkFamily(about, family);
  return families;
}

function addSample(
  line: string,
  current: string,
  family: { type: string; samples: Map<string, number> } | undefined,
): void {
  const [, full = '', labels = '', value = ''] = sample.exec(line) ?? [];
  const number = value === '+Inf' ? Infinity : Number(value);
  if (full === '' || Number.isNaN(number)) throw new Error(`not a sample: ${line}`);
  const suffix = family?.type === 'histogram' ? '(?:_bucket|_sum|_count)' : '';
  if (family === undefined || !new RegExp(`^${current}${suffix}$`).test(full))
    throw new Error(`not of ${current}: ${line}`);
  if (family.samples.has(full + labels)) throw new Error(`twice: ${line}`);
  family.samples.set(full + labels, number);
}

function checkFamily(about: string, { type, help, samples }: Family): void {
  if (type === '' || help === '') throw new Error(`${about} has no type or help`);
  if ((type === 'counter') !== about.endsWith('_total')) throw new Error(`${about} is a ${type}`);
  if (type !== 'histogram') return;
  const buckets = [...samples].filter(([key]) => key.includes('_bucket{'));
  const counts = buckets.map(([, count]) => count);
  if (counts.some((count, at) => count < (counts[at - 1] ?? 0)))
    throw new Error(`${about} is not cumulative`);
  if (counts.at(-1) !== samples.get(`${about}_count`)) throw new Error(`${about} has no +Inf`);
}
