import { expect, test } from 'vitest';
import { createMarkers, isTreeMarker } from '../../src/command/markers.ts';
import {
  corrections,
  inheritedVariables,
  survivesShell,
} from '../../src/command/gate/environment.ts';

const variable = (name: string, value = 'x') => ({ name, value });

test('tree markers are found by their names, and no two are the same', () => {
  const [one, other] = [createMarkers().tree, createMarkers().tree];
  expect(isTreeMarker(one)).toBe(true);
  expect(one).not.toBe(other);
  expect(isTreeMarker('LEADER_RUN_LOCK')).toBe(false);
});

test('settings are left out; markers of those around us and all else stay, byte for byte', () => {
  const marker = createMarkers().tree;
  const entries = ['A=1=2', 'LEADER_RUN_ID=me', `${marker}=`, 'LEADER_RUN_X=', 'noise', '=odd'];
  const variables = inheritedVariables(
    [...entries.map((entry) => Buffer.from(entry)), Buffer.from('B=\xff', 'latin1')],
    ['LEADER_RUN_ID', marker],
  );
  expect(variables).toEqual([
    variable('A', '1=2'),
    variable(marker, ''),
    variable('LEADER_RUN_X', ''),
    variable('B', '\xff'),
  ]);
});

test.each([
  ['an ordinary one', variable('HOME'), true],
  ['one that the shell sets, as that can be corrected', variable('PWD'), true],
  ['a name that is no identifier', variable('a.b'), false],
  ['a name with a meaning of its own', variable('IFS'), false],
  ['a value that is no UTF-8', variable('A', '\xff'), false],
  ['one that the loader of the shell itself would read', variable('LD_PRELOAD'), false],
])('what a shell passes on: %s', (_, one, survives) => {
  expect(survivesShell([variable('PATH'), one])).toBe(survives);
});

test('without PATH the shell is not asked to find the command', () => {
  expect(survivesShell([variable('HOME')])).toBe(false);
});

test('what the shell would set is exported as it was, or unset', () => {
  const { exports, unsets } = corrections([variable('HOME'), variable('PWD', '/gone')]);
  expect(exports).toEqual([variable('PWD', '/gone')]);
  expect(unsets).toEqual(['OLDPWD', 'SHLVL', 'PATH', '_']);
});
