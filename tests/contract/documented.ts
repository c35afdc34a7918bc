import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import * as z from 'zod';
import type { Answer } from '#tests/support/visitor.ts';

const refSchema = z.object({ $ref: z.string() });

const responseSchema = z.object({
  headers: z.record(z.string(), refSchema),
  content: z.optional(z.record(z.string(), z.object({ schema: z.unknown() }))),
});

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({ responses: z.record(z.string(), z.union([refSchema, responseSchema])) }),
    ),
  ),
  components: z.object({
    responses: z.record(z.string(), responseSchema),
    headers: z.record(
      z.string(),
      z.object({ required: z.optional(z.boolean()), schema: z.record(z.string(), z.unknown()) }),
    ),
  }),
});

/** The document, but that no answer may have a field that it does not name. */
const text: unknown = JSON.parse(readFileSync('public/openapi.json', 'utf8'), (_, value) =>
  value?.type === 'object' ? { additionalProperties: false, ...value } : value,
);
const { paths, components } = documentSchema.parse(text);

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(z.record(z.string(), z.unknown()).parse(text), 'openapi');

const patterns = Object.entries(paths).map(([path, operations]) => ({
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
  operations,
}));

/** Expects of an answer that the OpenAPI document has it: its status, its headers and its body. */
export async function expectDocumented({ method, path, response }: Answer): Promise<void> {
  const place = `${method} ${path}: ${response.status}`;
  const { headers, content } = documentedFor(method, path, response.status) ?? {};
  expect(headers, `${place} is not documented`).toBeDefined();
  for (const { $ref } of Object.values(headers ?? {})) {
    const name = $ref.replace('#/components/headers/', '');
    const value = response.headers.get(name);
    const { required = false, schema } = components.headers[name] ?? { schema: {} };
    if (required || value !== null) {
      expectValid(validatorOf(schema), value, `${place}, ${name}`);
    }
  }
  const body = await response.text();
  const [mediaType, shape] = Object.entries(content ?? {})[0] ?? [];
  if (mediaType === undefined || method === 'HEAD') {
    expect(body, place).toBe('');
    return;
  }
  expect(response.headers.get('content-type'), place).toBe(mediaType);
  expectValid(validatorOf(shape?.schema), JSON.parse(body), place);
}

function documentedFor(method: string, path: string, status: number) {
  const [pathname = ''] = path.split('?');
  const operations =
    paths[pathname] ?? patterns.find(({ pattern }) => pattern.test(pathname))?.operations;
  if (operations === undefined) {
    return status === 404 ? components.responses.NotFound : undefined;
  }
  const operation = operations[method.toLowerCase()];
  if (operation === undefined) {
    return status === 405 ? components.responses.WrongMethod : undefined;
  }
  const documented = operation.responses[status];
  return documented !== undefined && '$ref' in documented
    ? components.responses[documented.$ref.replace('#/components/responses/', '')]
    : documented;
}

const validators = new Map<unknown, ValidateFunction>();

function validatorOf(schema: unknown): ValidateFunction {
  const inDocument: object = JSON.parse(
    JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/'),
  );
  const validator = validators.get(schema) ?? ajv.compile(inDocument);
  validators.set(schema, validator);
  return validator;
}

function expectValid(validate: ValidateFunction, value: unknown, place: string): void {
  expect(validate(value) ? [] : validate.errors, place).toEqual([]);
}
