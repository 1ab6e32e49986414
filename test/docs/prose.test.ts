import { describe, expect, it } from 'vitest';
import { complaints, withoutCode } from '../../scripts/prose.ts';

function found(text: string): string[] {
  return complaints(withoutCode(text), 'page').map((complaint) => complaint.split('"')[1] ?? '');
}

describe('the prose check', () => {
  it.each([
    ['Cannot renew the lease as it is forbidden', 'as it is'],
    ['It is left out, as it\ntrades safety for speed', ', as it'],
    ['leader-run stops the child', 'the child'],
    ['That is no signal', 'is no'],
    ['Wait, or else it is lost', 'else'],
    ['Nobody leads', 'Nobody'],
    ['The guard strikes', 'strikes'],
    ['The command is told to stop', 'is told'],
  ])('%j: finds %j', (text, words) => {
    expect(found(text)).toContain(words);
  });

  it.each([
    'It is reported as 75, as a whole number',
    'There is no leader. It is no longer held by someone else, or anything else',
    'leader-run is a child subreaper, and so is the child process',
    'In code `the child` and `as it is` are fine',
    '```\nNobody else, as it is\n```',
  ])('%j: finds nothing', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('says where', () => {
    expect(complaints('One.\nTwo, and nobody.', 'page')[0]).toMatch(/^page:2: "nobody": /);
  });
});
