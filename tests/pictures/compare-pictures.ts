import { copyFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import sharp from 'sharp';

/**
 * Compares two PNG files pixel by pixel; the smaller one is extended with black. Where they differ, writes
 * `<target>.before.png`, `<target>.after.png` and `<target>.difference.png`, which is black but for the
 * pixels that differ.
 *
 * @returns whether they differ.
 */
export async function comparePictures(before: string, after: string, target: string) {
  const difference = await sharp(before).boolean(after, 'eor').png().toBuffer();
  const { channels } = await sharp(difference).stats();
  if (channels.every(({ max }) => max === 0)) {
    return false;
  }
  await mkdir(dirname(target), { recursive: true });
  await copyFile(before, `${target}.before.png`);
  await copyFile(after, `${target}.after.png`);
  // Makes a difference of a single bit as visible as any other.
  await sharp(difference).linear(255, 0).toFile(`${target}.difference.png`);
  return true;
}
