import 'server-only';

/**
 * The value of a cookie that was sent exactly once. Two of one name mean that somebody else planted
 * one of them, and which one a parser takes is chance.
 */
export function onlyValue(cookieHeader: string, name: string): string | null {
  const values = cookieHeader
    .split(';')
    // Only what RFC 6265 calls white space: a parser that trims more takes a planted name for ours.
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value] = values;
  return values.length === 1 && value !== undefined ? value : null;
}
