import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { attemptEnds, liveStates, transitions } from './attempt-states.ts';

const diagram = readFileSync('lib/shared/attempt-states.md', 'utf8');

it('the diagram shows each transition with its use case, and no other', () => {
  const drawn = [...diagram.matchAll(/^ {4}(\w+) --> (\w+): (\w+)$/gm)].map(
    ([, from, to, by]) => `${from} ${to} ${by}`,
  );
  expect(drawn.toSorted()).toEqual(
    transitions.map(({ from, to, by }) => `${from} ${to} ${by}`).toSorted(),
  );
});

it('the diagram ends in each state that nothing leaves', () => {
  const drawn = [...diagram.matchAll(/^ {4}(\w+) --> \[\*\]$/gm)].map(([, state]) => state);
  expect(drawn.toSorted()).toEqual(['completed', ...attemptEnds].toSorted());
});

it('only live states are left', () => {
  for (const { from } of transitions) {
    expect(liveStates).toContain(from);
  }
});
