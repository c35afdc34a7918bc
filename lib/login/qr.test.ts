import { encode } from 'uqr';
import { expect, it } from 'vitest';
import { drawQr } from './qr.ts';

it('a QR code draws its dark modules and a quiet zone of four modules', () => {
  const text = 'https://login.example.com/call/nGv3mJ0gZ1h8Qw5rTy7uI9oP2aS4dF6gH8jK0lZ1xCv';
  const { size, path } = drawQr(text);
  const dark = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    dark[Number(y)]?.fill(true, Number(x), Number(x) + Number(width));
  }
  const { data } = encode(text, { ecc: 'M', border: 4, maskPattern: 0 });
  expect(dark).toEqual(data);
  expect(dark.slice(0, 4).flat()).not.toContain(true);
});
