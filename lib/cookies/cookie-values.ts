import 'server-only';

/** The values of one name in a `Cookie` header, in order. */
export function cookieValues(cookieHeader: string, name: string): string[] {
  if (!cookieHeader.includes(name)) {
    return [];
  }
  return (
    cookieHeader
      .split(';')
      // Only RFC 6265's white space: a parser that trims more would accept names that other code can plant.
      .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
      .filter((pair) => pair.startsWith(`${name}=`))
      .map((pair) => pair.slice(name.length + 1))
  );
}

/** The value of a cookie that was sent exactly once. If it was sent twice, one may have been planted. */
export function onlyValue(values: readonly string[]): string | null {
  const [value, ...more] = values;
  return value !== undefined && more.length === 0 ? value : null;
}
