import { expect, test } from 'vitest';
import { messageOf, firstLine } from '../../src/lease/errors.ts';

test('messageOf names the first of several addresses that were tried', () => {
  const errors = [
    new Error('connect ECONNREFUSED ::1:1'),
    new Error('connect ECONNREFUSED 127.0.0.1:1'),
  ];
  expect(messageOf(new AggregateError(errors))).toBe('connect ECONNREFUSED ::1:1');
});

test('oneLine takes the first line that says something', () => {
  expect(firstLine('\n \n\tlogin\u0000expired \nsecond')).toBe('login expired');
  expect(firstLine('')).toBe('');
});
