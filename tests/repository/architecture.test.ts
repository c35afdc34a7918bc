import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { expect, it } from 'vitest';
import { routes } from '#app/api/routes.ts';

const document = readFileSync('docs/architecture.md', 'utf8');

/** `lib/store/users.ts` → `store`, `lib/boot.ts` → `boot`, `proxy.ts` → `app`. */
function roomOf(file: string): string {
  const [top = '', room = ''] = file.split('/');
  return top === 'lib'
    ? room.replace(/\.ts$/, '')
    : top.replace(/\.ts$/, '').replace(/^(proxy|instrumentation)$/, 'app');
}

/** From each room, the rooms that its files import. */
function readArrows(): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const file of globSync(['{app,components,lib,server}/**/*.{ts,tsx}', '*.ts'])) {
    if (/\.test\.ts$|\.config\.ts$|\.d\.ts$/.test(file)) {
      continue;
    }
    const imports = readFileSync(file, 'utf8').matchAll(
      /(?:from|import|import\()\s*'((?:\.|#)[^']+\.tsx?)'/g,
    );
    for (const [, specifier = ''] of imports) {
      const target = specifier.startsWith('#')
        ? specifier.slice(1)
        : normalize(join(dirname(file), specifier));
      const [from, to] = [roomOf(file), roomOf(target)];
      if (from !== to) {
        arrows.set(from, (arrows.get(from) ?? new Set()).add(to));
      }
    }
  }
  return arrows;
}

function follows(arrows: Map<string, Set<string>>, from: string, to: string): boolean {
  const direct = [...(arrows.get(from) ?? [])].filter((room) => room !== to);
  return direct.some((room) => arrows.get(room)?.has(to) || follows(arrows, room, to));
}

it('the diagram shows the imports between rooms, but for those that follow from others', () => {
  const arrows = readArrows();
  const expected = [...arrows].flatMap(([from, targets]) =>
    [...targets].filter((to) => !follows(arrows, from, to)).map((to) => `${from} --> ${to}`),
  );
  const drawn = [...document.matchAll(/^ {4}(\w+ --> \w+)$/gm)].map(([, arrow]) => arrow);
  expect(drawn.toSorted()).toEqual(expected.toSorted());
});

it('the table of routes is the table that both hosts dispatch by', () => {
  const written = [
    ...document.matchAll(/^\| `(\/[^`]+)` +\| ([A-Z, ]+?) +\| ([a-z-]+) +\| (yes)? +\|$/gm),
  ];
  expect(
    written.map(([, path, methods, access, queued]) => ({
      path,
      methods: methods?.split(', '),
      access,
      isQueued: queued === 'yes',
    })),
  ).toEqual(
    routes.map(({ path, methods, access, isQueued }) => ({ path, methods, access, isQueued })),
  );
});
