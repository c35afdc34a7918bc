import { globSync, readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';

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

/** The entries of the root that `deploy/Dockerfile.dockerignore` lets an engine see. */
export function readBuildContext(): string[] {
  const patterns = readFileSync('deploy/Dockerfile.dockerignore', 'utf8')
    .split('\n')
    .filter(Boolean);
  return globSync('{*,.*}').filter((entry) => !patterns.some((each) => matchesGlob(entry, each)));
}
