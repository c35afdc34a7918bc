import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, patch } from '#tests/integrate/copy.ts';

const documents = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...globSync('docs/**/*.md')];
const decisions = globSync('docs/decisions/*.md');

const read = (path: string) => readFileSync(path, 'utf8');

/** Describes what was: the files it names may be gone. */
const isHistory = (path: string) => /^- Status: Superseded/m.test(read(path));

/** The text without code blocks, whose contents are neither links nor headings. */
const proseOf = (path: string) => read(path).replace(/^```[\s\S]*?^```/gm, '');

/** The `#…` of every heading, as GitHub makes them. */
function anchorsOf(path: string): Set<string> {
  const headings = [...proseOf(path).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(headings);
}

/** Where a relative link leads, from the root of the repository. */
function resolveLink(document: string, link: string): { path: string; anchor: string } {
  const [path = '', anchor = ''] = link.split('#');
  return { path: path === '' ? document : normalize(join(dirname(document), path)), anchor };
}

describe.each(documents)('%s', (document) => {
  const text = proseOf(document);

  it('links to files and headings that exist', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => {
      if (/^(https?|mailto):/.test(link)) {
        return false;
      }
      const { path, anchor } = resolveLink(document, link);
      return !existsSync(path) || (anchor !== '' && !anchorsOf(path).has(anchor));
    });
    expect(broken).toEqual([]);
  });

  it.skipIf(isHistory(document))('names files that exist', () => {
    const named = [
      ...text.matchAll(
        /`((?:app|bench|components|docs|e2e|lib|public|sandbox|scripts|server|tests)\/[^\s`…*]+)`/g,
      ),
    ].map(([, path = '']) => path);
    // What npm run bench:page or npm run pictures writes.
    const written = /^(bench\/results|tests\/pictures\/differences)\//;
    expect(named.filter((path) => !written.test(path) && !existsSync(path))).toEqual([]);
  });

  it('quotes the titles of the tests it names', () => {
    const proofs = [
      ...text.matchAll(/`([^`\s]+\.(?:test|spec)\.ts)`((?:,\s+"[^"]+"(?:\s+and\s+"[^"]+")*)*)/g),
    ].map(([, path = '', quotes = '']) => ({
      path,
      titles: [...quotes.matchAll(/"([^"]+)"/g)].map(([, title = '']) =>
        title.replace(/\s+/g, ' ').replace(/ …$/, ''),
      ),
    }));
    for (const { path, titles } of proofs) {
      expect(existsSync(path), path).toBe(true);
      for (const title of titles) {
        expect(read(path).replace(/\s+/g, ' '), `${path}: ${title}`).toContain(title);
      }
    }
  });
});

it('faults and threats name the tests that prove them', () => {
  const countOf = (path: string) => read(path).match(/`[^`\s]+\.(test|spec)\.ts`/g)?.length;
  expect(countOf('docs/faults.md')).toBeGreaterThanOrEqual(60);
  expect(countOf('docs/security/threats.md')).toBeGreaterThanOrEqual(90);
});

it('every threat has a number of its own and a proof', () => {
  const threats = [
    ...read('docs/security/threats.md').matchAll(/^- \*\*(\d+)\. (.+(?:\n {2}.+)*)/gm),
  ].map(([, number, text = '']) => ({ number: Number(number), text }));
  const numbers = threats.map(({ number }) => number).toSorted((one, other) => one - other);
  expect(numbers.length).toBeGreaterThanOrEqual(77);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  const isProved = /^ {2}- [\s\S]*(`[^`\s]+\.(test|spec)\.ts`|Out of scope)/m;
  expect(threats.filter(({ text }) => !isProved.test(text))).toEqual([]);
});

it('the index lists every document', () => {
  const links = [...read('docs/README.md').matchAll(/\]\(([^)#\s]+)/g)].map(
    ([, link = '']) => resolveLink('docs/README.md', link).path,
  );
  const listed = new Set(['README.md', 'docs/README.md', ...links]);
  expect(documents.filter((path) => !listed.has(path))).toEqual([]);
});

it('the map in README.md shows every folder of the root and of lib', () => {
  const map = read('README.md');
  const folders = globSync(
    '{app,bench,components,deploy,docs,e2e,lib/*,public,sandbox,scripts,server,tests}/',
  );
  expect(folders.length).toBeGreaterThan(20);
  expect(folders.filter((path) => !map.includes(path))).toEqual([]);
});

it.each(decisions)('%s has a date and a status', (path) => {
  expect(read(path)).toMatch(
    /^# \d+\. .+\n\n- Date: \d{4}-\d\d-\d\d\n- Status: (Accepted|Superseded by \[\d+\]\([\w-]+\.md\))/,
  );
});

describe('the log events in docs/observe.md', () => {
  const [, section = ''] = /^### Log events\n([\s\S]*?)^## /m.exec(read('docs/observe.md')) ?? [];
  const documented = new Set(
    [...section.matchAll(/^\| (`.+?`) +\|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
    ),
  );
  const code = globSync('{app,lib,server}/**/*.{ts,tsx}', {
    exclude: (path) => path.endsWith('.test.ts'),
  })
    .map(read)
    .join('\n');
  const [, auditEvents = ''] = /export type EventType =([^;]+);/.exec(code) ?? [];
  const logged = new Set(
    [...`${code.match(/\bevent: '\w+'/g)} ${auditEvents}`.matchAll(/'(\w+)'/g)].map(
      ([, name = '']) => name,
    ),
  );

  it('include every one that the code logs', () => {
    expect(logged.size).toBeGreaterThan(30);
    expect([...logged].filter((event) => !documented.has(event))).toEqual([]);
  });

  it('are all logged by the code', () => {
    expect([...documented].filter((event) => !code.includes(`'${event}'`))).toEqual([]);
  });
});

it('docs/integrate.md changes files that are as it says', () => {
  const changed = new Map<string, string>();
  for (const { path, isDiff, text } of blocksOf(read('docs/integrate.md'))) {
    changed.set(path, isDiff ? patch(changed.get(path) ?? read(path), text, path) : text);
  }
  expect(changed.size).toBeGreaterThan(0);
});
