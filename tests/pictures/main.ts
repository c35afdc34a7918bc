/** `npm run pictures`: compares how the pages of two versions look, and makes the contact sheets. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { findCommit, provideBuild } from '#tests/support/build-of-ref.ts';
import { findChromium } from '#tests/support/chromium.ts';
import { comparePictures } from './compare-pictures.ts';
import { makeContactSheets } from './contact-sheets.ts';
import { screens } from './screens.ts';

const USAGE = `Usage: npm run pictures -- --against <git ref> [words…]
       npm run pictures -- --sheets

Takes a picture of every state of the pages on every screen: phone and desktop, ja and en,
light and dark. The pages of this tree are those of its production build (npm run build).

  --against <git ref>  build that version too, take the same pictures of it on this machine
                       and compare them. Each difference is written to
                       tests/pictures/differences/ as before, after and difference.
  words                take only the screens that have all of these words: phone ja dark
  --sheets             make the contact sheets in docs/pictures/
  --help               print this text

Both versions go through the states in e2e/states.ts of this tree. A state that only one of
them reaches is listed and not compared. The build and the pictures of the other version are
kept in .versions/, which may be deleted at any time.

Exit code: 0 no difference, 1 a difference or a failure, 2 wrong usage.`;

const TAKEN = 'tests/pictures/taken';
const DIFFERENCES = 'tests/pictures/differences';

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});

async function main(): Promise<number> {
  const given = readArguments();
  if (given === null) {
    console.error(USAGE);
    return 2;
  }
  const { against, help, chosen } = given;
  if (help) {
    console.log(USAGE);
    return 0;
  }
  if (!existsSync('.next/BUILD_ID')) {
    console.error('This tree has no production build: run npm run build first.');
    return 1;
  }
  if (against !== undefined) {
    return await compareWith(against, chosen);
  }
  if (!takePictures('.', TAKEN, chosen)) {
    console.error('The contact sheets are unchanged: some states could not be reached.');
    return 1;
  }
  await makeContactSheets(TAKEN, 'docs/pictures');
  return 0;
}

/** @returns null for wrong usage; `against` is undefined for `--sheets`. */
function readArguments() {
  try {
    const { values, positionals: words } = parseArgs({
      options: {
        against: { type: 'string' },
        sheets: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
    const { against, sheets, help } = values;
    const chosen = screens
      .map(({ name }) => name)
      .filter((name) => words.every((word) => name.split('-').includes(word)));
    const isUsable = sheets ? against === undefined && words.length === 0 : against !== undefined;
    return help || (isUsable && chosen.length > 0) ? { against, help, chosen } : null;
  } catch {
    return null;
  }
}

async function compareWith(ref: string, chosen: readonly string[]): Promise<number> {
  const commit = await findCommit(ref);
  if (commit === null) {
    console.error(`This repository has no commit named ${ref}.`);
    return 2;
  }
  console.log(`Building ${ref} (${commit}) unless it has been built before.`);
  const build = await provideBuild(commit);

  console.log('Taking the pictures of this tree.');
  const isComplete = takePictures('.', TAKEN, chosen);

  const olderTaken = `${build}/.pictures/${fingerprint()}`;
  const missing = chosen.filter((screen) => {
    const older = picturesIn(`${olderTaken}/${screen}`);
    return picturesIn(`${TAKEN}/${screen}`).some((picture) => !older.includes(picture));
  });
  if (missing.length > 0) {
    console.log(`Taking the pictures of ${ref}.`);
    takePictures(build, olderTaken, missing);
  }

  rmSync(DIFFERENCES, { recursive: true, force: true });
  const counts = { compared: 0, different: 0, single: 0 };
  for (const screen of chosen) {
    const before = picturesIn(`${olderTaken}/${screen}`);
    const after = picturesIn(`${TAKEN}/${screen}`);
    for (const picture of new Set([...before, ...after])) {
      const name = `${screen}/${picture}`;
      if (!(before.includes(picture) && after.includes(picture))) {
        counts.single += 1;
        console.log(`${name}: only in ${before.includes(picture) ? ref : 'this tree'}`);
        continue;
      }
      counts.compared += 1;
      const target = `${DIFFERENCES}/${name.replace('.png', '')}`;
      if (await comparePictures(`${olderTaken}/${name}`, `${TAKEN}/${name}`, target)) {
        counts.different += 1;
        console.log(`${name}: differs`);
      }
    }
  }
  const { compared, different, single } = counts;
  const where = different > 0 ? `, see ${DIFFERENCES}/` : '';
  console.log(`${compared} compared, ${single} only in one version, ${different} differ${where}.`);
  if (!isComplete) {
    console.error('Some states of this tree could not be reached: see the errors above.');
  }
  return isComplete && compared > 0 && different === 0 ? 0 : 1;
}

/**
 * Takes the pictures of a build into `<folder>/<screen>/<state>.png`.
 *
 * @returns whether all states were reached. After an error the rest of a tour has no pictures.
 */
function takePictures(build: string, folder: string, chosen: readonly string[]): boolean {
  for (const screen of chosen) {
    rmSync(`${folder}/${screen}`, { recursive: true, force: true });
  }
  const projects = chosen.map((screen) => `--project=${screen}`);
  const { status, signal } = spawnSync(
    'playwright',
    ['test', '--config=tests/pictures/playwright.config.ts', ...projects],
    {
      stdio: 'inherit',
      env: { ...process.env, PICTURES_BUILD: build, PICTURES_FOLDER: folder },
    },
  );
  if (signal !== null) {
    throw new Error(`Playwright was ended by ${signal}.`);
  }
  return status === 0;
}

function picturesIn(folder: string): string[] {
  return globSync('*.png', { cwd: folder }).sort();
}

/** A hash of what the pictures of a build depend on besides it: the tours, the sandbox and the browser. */
function fingerprint(): string {
  const hash = createHash('sha256');
  hash.update(spawnSync(findChromium() ?? 'chromium', ['--version', '--no-sandbox']).stdout);
  const sources = '{e2e,sandbox,tests/pictures,tests/support}/**/*.ts';
  for (const path of globSync(sources).sort()) {
    hash.update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}
