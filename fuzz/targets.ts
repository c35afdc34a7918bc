import type { Target } from './target.ts';
import { cookieHeader } from './targets/cookie-header.ts';
import { nextValues } from './targets/next-values.ts';
import { phoneInputs, phoneSpellings } from './targets/phone-inputs.ts';
import { seals } from './targets/seals.ts';
import { vendorReplies } from './targets/vendor-replies.ts';

/** Everything `npm run fuzz` looks at, in the order of its table. */
export const targets: readonly Target[] = [
  phoneSpellings,
  phoneInputs,
  nextValues,
  seals,
  cookieHeader,
  vendorReplies,
];
