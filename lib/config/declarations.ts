import 'server-only';
import * as z from 'zod';
import { type Field, plainText } from './fields.ts';

/** What `docs/configuration.md` and `.env.example` say of a variable. */
export interface VariableInfo {
  /** One or two sentences of Markdown; links start from `docs/`. */
  description: string;
  /** What boot accepts, in Markdown; see `Field`. */
  allowed: string;
  isRequired: boolean;
  /** The value that is read where none is set, or null. */
  defaultValue: string | null;
  /** A value to start from, for an optional variable without a default; else null. */
  example: string | null;
}

const registry = z.registry<VariableInfo>();

/** The documentation of a variable, by its schema; undefined for any other schema. */
export function infoOf(schema: z.ZodType): VariableInfo | undefined {
  return registry.get(schema);
}

/** A variable that boot does not start without. */
export function required<Value>({ schema, allowed }: Field<Value>, description: string) {
  const declared = z.string(`is required: ${plainText(allowed)}`).pipe(schema);
  registry.add(declared, {
    description,
    allowed,
    isRequired: true,
    defaultValue: null,
    example: null,
  });
  return declared;
}

/** A variable that is read as `defaultValue` where it is not set. */
export function withDefault<Value>(
  defaultValue: string,
  { schema, allowed }: Field<Value>,
  description: string,
) {
  const declared = schema.prefault(defaultValue);
  registry.add(declared, { description, allowed, isRequired: false, defaultValue, example: null });
  return declared;
}

/** A variable that may be left out and has no default. */
export function optional<Value>(
  { schema, allowed }: Field<Value>,
  description: string,
  example: string,
) {
  const declared = schema.optional();
  registry.add(declared, { description, allowed, isRequired: false, defaultValue: null, example });
  return declared;
}
