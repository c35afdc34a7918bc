import 'server-only';
import { encode } from 'uqr';
import type { QrDrawing } from '../shared/contract.ts';

/** The width of the margin in modules (ISO/IEC 18004). */
const QUIET_ZONE = 4;

/**
 * Readers accept any of the eight masks. Choosing the best one (ISO/IEC 18004) means drawing all of them:
 * four times as long (measured), for every start.
 */
const MASK = 0;

/** Draws a QR code as the outlines of its runs of dark modules, in units of one module. */
export function drawQr(text: string): QrDrawing {
  // The margin of the library would double the time.
  const { data, size } = encode(text, { ecc: 'M', border: 0, maskPattern: MASK });
  let path = '';
  for (const [y, row] of data.entries()) {
    let from = row.indexOf(true);
    while (from !== -1) {
      const end = row.indexOf(false, from);
      const length = (end === -1 ? size : end) - from;
      path += `M${from + QUIET_ZONE} ${y + QUIET_ZONE}h${length}v1h-${length}z`;
      from = row.indexOf(true, from + length);
    }
  }
  return { size: size + 2 * QUIET_ZONE, path };
}
