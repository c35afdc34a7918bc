import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import { COMMAND, DOCUMENT, renderOpenapi } from '#scripts/write-openapi.ts';

const rendered = renderOpenapi();

it('the OpenAPI document is up to date', () => {
  expect(readFileSync(DOCUMENT, 'utf8'), `${DOCUMENT} is out of date: run "${COMMAND}"`).toBe(
    rendered,
  );
});

it('it is a document of OpenAPI 3.1, and all it refers to is there', async () => {
  const validator = new Validator();
  expect(await validator.validate(JSON.parse(rendered))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  expect(() => validator.resolveRefs()).not.toThrow();
});
