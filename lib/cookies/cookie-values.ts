import 'server-only';

/** The values that a request's `Cookie` header gives one name, in their order. */
export function cookieValues(cookieHeader: string, name: string): string[] {
  if (!cookieHeader.includes(name)) {
    return [];
  }
  return (
    cookieHeader
      .split(';')
      // Only what RFC 6265 calls white space: a parser that trims more takes a planted name for ours.
      .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
      .filter((pair) => pair.startsWith(`${name}=`))
      .map((pair) => pair.slice(name.length + 1))
  );
}

/**
 * The value of a cookie that was sent exactly once. Two of one name mean that somebody else planted
 * one of them, and which one a parser takes is chance.
 */
export function onlyValue(values: readonly string[]): string | null {
  const [value, ...more] = values;
  return value !== undefined && more.length === 0 ? value : null;
}
