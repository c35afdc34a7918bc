import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A minute or more each, the longest last. */
const long = [
  'tests/integrate/integrate.test.ts',
  'tests/login/attacks.test.ts',
  'tests/faults/two-versions.test.ts',
  'tests/faults/killed-at-each-step.test.ts',
];

/** 0 for all others. */
const lengthOf = ({ moduleId }: TestSpecification) =>
  long.findIndex((path) => moduleId.endsWith(path)) + 1;

/**
 * Begins the longest files first, of whichever project, so that none is left to one worker at the end. By itself Vitest
 * runs one project after the other and, where it has not run before, the largest files first.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => lengthOf(other) - lengthOf(one));
  }
}
