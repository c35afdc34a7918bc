import { globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { routes } from '#app/api/routes.ts';
import { pages } from '#tests/attacks/site.ts';

/** The address that Next makes of a file of `app/`. */
const addressOf = (file: string) => dirname(file).slice('app'.length) || '/';

const EXTENSIONS = '{ts,tsx,js,jsx,mjs}';
const handlerFiles = globSync(`app/**/route.${EXTENSIONS}`);
const handled = handlerFiles.map(addressOf);

it('the table of routes has every route that is declared, once', async () => {
  const files = globSync(['app/api/**/*.ts', 'app/login/forms.ts']).filter(
    (file) => !/(\/routes?|\.test)\.ts$/.test(file),
  );
  const modules = await Promise.all(
    files.map(async (file) => (await import(pathToFileURL(resolve(file)).href)) as object),
  );
  const declared = modules.flatMap((module) => Object.values(module));
  expect(declared.length).toBeGreaterThan(10);
  expect(new Set(declared)).toEqual(new Set(routes));
  expect(declared).toHaveLength(routes.length);
});

it('no path is in the table twice', () => {
  const paths = routes.map(({ path }) => path);
  expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
});

it('the attacks know every page', () => {
  const inTree = globSync(`app/**/page.${EXTENSIONS}`).map(addressOf);
  expect(pages.toSorted()).toEqual(inTree.toSorted());
});

it('Next has no route handlers but those that look into the table', () => {
  expect(handlerFiles.length).toBeGreaterThan(0);
  for (const file of handlerFiles) {
    expect(readFileSync(file, 'utf8'), file).toBe("export * from '#app/next-host.ts';\n");
  }
});

it('Next hands over every path of the table, and no other but those under /api', () => {
  const catchAll = '/api/[...path]';
  expect(handled).toContain(catchAll);
  const others = routes.map(({ path }) => path).filter((path) => !path.startsWith('/api/'));
  expect(handled.filter((path) => path !== catchAll).toSorted()).toEqual(others.toSorted());
});
