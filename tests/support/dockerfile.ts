import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, matchesGlob } from 'node:path';

export interface Instruction {
  name: string;
  /** What follows the name, on one line. */
  text: string;
}

/** The instructions of a Dockerfile, stage by stage; each stage begins with its `FROM`. */
export function readStages(path: string): Instruction[][] {
  const stages: Instruction[][] = [];
  const lines = readFileSync(path, 'utf8').replaceAll('\\\n', '').split('\n');
  for (const line of lines.filter((each) => /^[A-Z]/.test(each))) {
    const [, name = '', text = ''] = /^(\w+) (.*)$/.exec(line) ?? [];
    if (name === 'FROM') {
      stages.push([]);
    }
    stages.at(-1)?.push({ name, text });
  }
  return stages;
}

const patterns = readFileSync('deploy/Dockerfile.dockerignore', 'utf8').split('\n').filter(Boolean);

/** The entries of the root that `deploy/Dockerfile.dockerignore` lets an engine see. */
export function readBuildContext(): string[] {
  return globSync('{*,.*}').filter((entry) => !patterns.some((each) => matchesGlob(entry, each)));
}

/** What it hides within them. */
export function readIgnoredWithin(): string[] {
  const nested = patterns.filter((pattern) => pattern.includes('/'));
  return globSync(nested, { exclude: ['node_modules', '.*'] });
}

/** What the code in a copy of this repository imports from files that the copy lacks. */
export function findMissingImports(folder: string): string[] {
  const files = globSync('**/*.{ts,tsx}', {
    cwd: folder,
    exclude: ['node_modules/**', '.next/**'],
  });
  return files.flatMap((file) => {
    const code = readFileSync(join(folder, file), 'utf8');
    return [...code.matchAll(/ from '(#|\.{1,2}\/)([^']+)';$/gm)]
      .map(([, start = '', path = '']) =>
        start === '#' ? path : join(dirname(file), `${start}${path}`),
      )
      .filter((path) => !existsSync(join(folder, path)))
      .map((path) => `${file} imports ${path}`);
  });
}
