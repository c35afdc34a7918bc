import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const files = globSync('{app,e2e,lib,server,tests}/**/*.{test,spec}.ts');

/** Each test that the table of faults names, with the words of its title where it quotes some. */
const named = [
  ...readFileSync('docs/faults.md', 'utf8').matchAll(
    /`([^`]+\.(?:test|spec)\.ts)`(?:, "([^"]+)")?/g,
  ),
].map(([, file = '', title = '']) => ({ file, title }));

it('the table of faults names tests that there are', () => {
  expect(named.length).toBeGreaterThan(30);
  for (const { file, title } of named) {
    const paths = files.filter((path) => path.endsWith(file));
    expect(paths, file).toHaveLength(1);
    expect(paths.map((path) => readFileSync(path, 'utf8')).join(), `${file}: ${title}`).toContain(
      title,
    );
  }
});
