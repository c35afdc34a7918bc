import 'server-only';
import {
  type Compilable,
  type CompiledQuery,
  type DialectAdapter,
  type QueryResult,
  type RawBuilder,
  sql,
} from 'kysely';
import type { Queries } from './schema.ts';

/**
 * Makes a query that is built and compiled once for each database, instead of at each call: that takes Kysely as long as
 * SQLite takes to run many of them.
 *
 * @param build the query. What differs from call to call is not given to it: `value('name')` stands for it.
 * @returns what runs the query with the values of a call.
 */
export function compileOnce<Values extends object, Row>(
  build: (
    queries: Queries,
    value: <Name extends keyof Values>(name: Name) => RawBuilder<Values[Name]>,
  ) => Compilable<Row>,
): (queries: Queries, values: Values) => Promise<QueryResult<Row>> {
  const names = new Map<unknown, keyof Values>();
  const compiledFor = new WeakMap<DialectAdapter, CompiledQuery<Row>>();

  function value<Name extends keyof Values>(name: Name): RawBuilder<Values[Name]> {
    const placeholder = {};
    names.set(placeholder, name);
    return sql<Values[Name]>`${placeholder}`;
  }

  return async (queries, values) => {
    const { adapter } = queries.getExecutor();
    const compiled = compiledFor.get(adapter) ?? build(queries, value).compile();
    compiledFor.set(adapter, compiled);
    const parameters = compiled.parameters.map((parameter) => {
      const name = names.get(parameter);
      return name === undefined ? parameter : values[name];
    });
    return await queries.executeQuery({ ...compiled, parameters });
  };
}
