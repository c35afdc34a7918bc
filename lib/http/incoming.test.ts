import { describe, expect, it } from 'vitest';
import { tidy } from './incoming.ts';

function tidied(request: { method?: string; url?: string; headers?: Record<string, string> }) {
  const tidyRequest = { method: 'GET', url: '/', headers: {}, ...request };
  tidy(tidyRequest);
  return tidyRequest;
}

describe('what comes in', () => {
  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'with the method %s keeps it',
    (method) => expect(tidied({ method }).method).toBe(method),
  );

  it.each(['TRACE', 'CONNECT', 'PROPFIND', 'QUERY', 'get', ''])(
    'with the method %j is one that every address refuses',
    (method) => expect(tidied({ method }).method).toBe('OPTIONS'),
  );

  it.each([
    ['/', '/'],
    ['/login?next=%2Faccount', '/login?next=%2Faccount'],
    ['/caf%C3%A9', '/caf%C3%A9'],
    ['//evil.example/', '//evil.example/'],
    ['http://evil.example/account?a=b', '/account?a=b'],
    ['HTTPS://evil.example', '/'],
    ['http://user:password@evil.example:8080/account', '/account'],
    ['http:///account', '/account'],
    ['*', '/'],
    ['', '/'],
    ['account', '/account'],
    ['evil.example:443', '/evil.example:443'],
    ['/%', '/%25'],
    ['/%zz/%41', '/%25zz/%2541'],
    ['/%ff?a=%', '/%25ff?a=%'],
    ['/a?b=c?d', '/a?b=c?d'],
  ])('for %j is for the path %j', (url, path) => {
    expect(tidied({ url }).url).toBe(path);
  });

  it('carries nothing that Next would take for its own word', () => {
    const headers = {
      cookie: 'a=b',
      'x-forwarded-for': '192.0.2.1',
      'x-requested-with': 'fetch',
      rsc: '1',
    };
    const forged = {
      'x-middleware-subrequest': 'proxy',
      'x-middleware-prefetch': '1',
      'x-nextjs-data': '1',
      'x-matched-path': '/account',
      'x-next-cache-tags': 'a',
    };
    expect(tidied({ headers: { ...headers, ...forged } }).headers).toEqual(headers);
  });

  const states = {
    page: ['', { children: ['account', { children: ['__PAGE__', {}] }, null, null, 16] }],
    dynamic: ['', { children: [['handoff', 'abc', 'd', null], {}, null, 'refetch'] }],
  };

  it.each(Object.entries(states))('carries what a page of ours shows: %s', (_name, state) => {
    const headers = { 'next-router-state-tree': encodeURIComponent(JSON.stringify(state)) };
    expect(tidied({ headers }).headers).toEqual(headers);
  });

  const page = encodeURIComponent(JSON.stringify(states.page));

  it.each([
    '',
    '{',
    '%',
    'null',
    '[]',
    '%5B%22%22%5D',
    '%5B%22%22%2C1%5D',
    `${page}, ${page}`,
    encodeURIComponent(`["",{}${',null'.repeat(9)}]`),
    encodeURIComponent(`["${'a'.repeat(40_000)}",{}]`),
    `${'["",{"a":'.repeat(40)}["",{}]${'}]'.repeat(40)}`,
    `${'["",['.repeat(40)}["",{}]${']]'.repeat(40)}`,
  ])('carries nothing else as what a page shows: %.40s', (state) => {
    const headers = { rsc: '1', 'next-router-state-tree': state };
    expect(tidied({ headers }).headers).toEqual({ rsc: '1' });
  });
});
