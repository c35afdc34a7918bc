import { describe, expect, it } from 'vitest';
import { describeOrigins } from './same-origin.ts';

const expected = new URL('https://login.example.com');

const describeHeaders = (headers: Record<string, string>) =>
  describeOrigins(new Request(expected, { headers }), expected);

describe('what the log says of a foreign request', () => {
  it.each([
    ['https://evil.example', 'https://evil.example'],
    ['https://user:secret@EVIL.example:8443/path?query', 'https://evil.example:8443'],
    ['https://\u00e9vil.example', 'https://xn--vil-9la.example'],
    ['null', 'null'],
    ['data:text/html,canary', 'null'],
    ['canary', 'unreadable'],
    [`https://${'a'.repeat(60)}.${'b'.repeat(60)}.example`, 'too long'],
  ])('of Origin: %s is %s', (origin, logged) => {
    expect(describeHeaders({ origin })).toEqual({
      expected: 'https://login.example.com',
      origin: logged,
      site: 'missing',
    });
  });

  it.each([
    ['same-site', 'same-site'],
    ['canary', 'unreadable'],
  ])('of Sec-Fetch-Site: %s is %s', (site, logged) => {
    expect(describeHeaders({ 'sec-fetch-site': site })).toMatchObject({
      origin: 'missing',
      site: logged,
    });
  });
});
