/**
 * `npm run docs:config`: writes the tables of docs/configuration.md, and .env.example, from the schema
 * that boot uses. With `-- --check` it writes nothing and exits with 1 if a file is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type settings, variables } from '#lib/config/environment.ts';

export const COMMAND = 'npm run docs:config';

const DOCUMENT = 'docs/configuration.md';
const BEGIN = `<!-- variables: begin, written by "${COMMAND}" -->`;
const END = '<!-- variables: end -->';

/** The headings of the documents, in their order. */
const titles: Readonly<Record<keyof typeof settings.shape, string>> = {
  pauth: 'Vendor',
  app: 'Site',
  startLimits: 'Limits on starts',
  attempt: 'Attempts',
  session: 'Sessions',
  store: 'Store',
  retention: 'Retention',
  server: 'Server',
  webhook: 'Webhook',
  telemetry: 'Metrics and traces',
};

type Variable = (typeof variables)[number];

interface Section {
  title: string;
  variables: readonly Variable[];
}

/** The generated files as they should be, by path; to be called in the root of the repository. */
export function renderConfigurationDocs(): Readonly<Record<string, string>> {
  const sections = Object.entries(titles).map(([group, title]) => ({
    title,
    variables: variables.filter((variable) => variable.group === group),
  }));
  return {
    [DOCUMENT]: replaceBetweenMarkers(readFileSync(DOCUMENT, 'utf8'), tables(sections)),
    '.env.example': envExample(sections),
  };
}

function replaceBetweenMarkers(text: string, content: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) {
    throw new Error(`${DOCUMENT} must contain these lines, in this order:\n${BEGIN}\n${END}`);
  }
  return `${text.slice(0, begin + BEGIN.length)}\n\n${content}\n\n${text.slice(end)}`;
}

function tables(sections: readonly Section[]): string {
  return sections
    .map(({ title, variables }) =>
      [
        `### ${title}`,
        '',
        '| variable | default | meaning | allowed values |',
        '| --- | --- | --- | --- |',
        ...variables.map((variable) =>
          row([
            `\`${variable.name}\``,
            defaultCell(variable),
            variable.description,
            variable.allowed,
          ]),
        ),
      ].join('\n'),
    )
    .join('\n\n');
}

function defaultCell({ isRequired, defaultValue }: Variable): string {
  if (isRequired) {
    return '**required**';
  }
  return defaultValue === undefined ? 'none' : `\`${defaultValue}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function envExample(sections: readonly Section[]): string {
  const lines = [
    ...comment(
      `Every variable that call-login reads. Written by "${COMMAND}" from lib/config/environment.ts.`,
    ),
    ...comment(
      'Copy it to .env.production.local and fill in what is required. What is commented out shows the default, or an example where there is none.',
    ),
    ...sections.flatMap(({ title, variables }) => [
      '',
      `# --- ${title} ---`,
      ...variables.flatMap(({ name, description, allowed, ...info }) => [
        '',
        ...comment(plainText(description)),
        ...comment(`${info.isRequired ? 'Required' : 'Allowed'}: ${plainText(allowed)}.`),
        info.isRequired ? `${name}=` : `#${name}=${info.defaultValue ?? info.example ?? ''}`,
      ]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Removes the code marks and link targets of Markdown. */
function plainText(markdown: string): string {
  return markdown.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('`', '');
}

/** Lines of at most 100 characters that begin with `# `. */
function comment(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > 100) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
  for (const [path, text] of Object.entries(renderConfigurationDocs())) {
    if (!values.check) {
      writeFileSync(path, text);
    } else if (readFileSync(path, 'utf8') !== text) {
      console.error(`${path} is out of date: run "${COMMAND}".`);
      process.exitCode = 1;
    }
  }
}
