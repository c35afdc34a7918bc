import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** The blocks of code in a document that are files or changes of files, each with the path it names. */
export function blocksOf(markdown: string): { path: string; isDiff: boolean; text: string }[] {
  return [...markdown.matchAll(/^```(?:tsx?\n\/\/ |(diff)\n--- )(\S+)\n([\s\S]*?)^```$/gm)].map(
    ([, diff, path = '', text = '']) => ({ path, isDiff: diff !== undefined, text }),
  );
}

/** A copy of this tree, with what is not committed, without a build. Node finds our packages from there. */
export async function copyTree(name: string): Promise<string> {
  const folder = `.versions/${name}`;
  await rm(folder, { recursive: true, force: true });
  const { stdout } = await run('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    maxBuffer: 10_000_000,
  });
  // Next warns when it finds two lockfiles.
  const files = stdout.split('\0').filter((file) => file !== '' && file !== 'package-lock.json');
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(file, join(folder, file));
  }
  return folder;
}

/** Does what a document tells: writes its files and makes its changes. */
export async function apply(folder: string, blocks: ReturnType<typeof blocksOf>): Promise<void> {
  for (const { path, isDiff, text } of blocks) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, isDiff ? patch(await readFile(target, 'utf8'), text, path) : text);
  }
}

/** Makes the changes of a diff without line numbers: what they replace must be there, once. */
export function patch(original: string, diff: string, path: string): string {
  let text = original;
  for (const hunk of diff.split('@@\n')) {
    const lines = hunk.split('\n').slice(0, -1);
    const without = (sign: string) =>
      lines
        .filter((line) => !line.startsWith(sign))
        .map((line) => `${line.slice(1)}\n`)
        .join('');
    const parts = text.split(without('+'));
    if (parts.length !== 2) {
      throw new Error(`${path} does not have, once:\n${without('+')}`);
    }
    text = parts.join(without('-'));
  }
  return text;
}
