/**
 * `npm run pictures`: takes every state of the pages on every screen and compares it with the kept
 * picture; `-- --update` keeps what differs and makes the sheets of `docs/pictures/` from it. With
 * words only the screens that have them: `npm run pictures -- phone ja dark`. It looks at the build.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { makeContactSheets } from './contact-sheets.ts';
import { type Machine, readKeptMachine, readMachine, writeKeptMachine } from './machine.ts';
import { DIFFERENCES_FOLDER, KEPT_FOLDER, screens } from './screens.ts';

const { values, positionals: words } = parseArgs({
  options: { update: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const wanted = screens.filter(({ name }) => words.every((word) => name.split('-').includes(word)));
if (wanted.length === 0) {
  console.error(
    `No screen is ${words.join(' and ')}. There are: ${screens.map(nameOf).join(', ')}`,
  );
  process.exit(2);
}

const machine = await readMachine();
const keptMachine = await readKeptMachine();
console.log(`With ${inWords(machine)}.`);
if (keptMachine !== null && inWords(keptMachine) !== inWords(machine)) {
  console.log(`The kept pictures were made with ${inWords(keptMachine)}: text will differ.`);
}

const { status } = spawnSync(
  'playwright',
  [
    'test',
    '--config=tests/pictures/playwright.config.ts',
    ...wanted.map(({ name }) => `--project=${name}`),
    ...(values.update ? ['--update-snapshots=changed'] : []),
  ],
  { stdio: 'inherit' },
);
if (status !== 0) {
  console.error(
    `What differs is in ${DIFFERENCES_FOLDER}. To keep it: npm run pictures -- --update`,
  );
  process.exit(1);
}
if (values.update) {
  if (wanted.length === screens.length) {
    await writeKeptMachine(machine);
  }
  await makeContactSheets();
  console.log(`Kept in ${KEPT_FOLDER}, with the sheets in docs/pictures/.`);
} else {
  console.log('Every picture is the kept one.');
}

function nameOf({ name }: { name: string }): string {
  return name;
}

function inWords({ browser, fonts }: Machine): string {
  return `${browser} and ${fonts.join(', ')}`;
}
