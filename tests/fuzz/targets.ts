import type { Target } from './target.ts';
import { attempts } from './targets/attempts.ts';
import { cookieHeader } from './targets/cookie-header.ts';
import { interleavings } from './targets/interleavings.ts';
import { nextValues } from './targets/next-values.ts';
import { passkeys } from './targets/passkeys.ts';
import { phoneInputs } from './targets/phone-inputs.ts';
import { phoneSpellings } from './targets/phone-spellings.ts';
import { requests } from './targets/requests.ts';
import { seals } from './targets/seals.ts';
import { vendorHttp } from './targets/vendor-http.ts';
import { vendorReplies } from './targets/vendor-replies.ts';

/** All targets of `npm run fuzz`, in the order of its table. */
export const targets: readonly Target[] = [
  phoneSpellings,
  phoneInputs,
  nextValues,
  seals,
  cookieHeader,
  vendorReplies,
  vendorHttp,
  requests,
  attempts,
  interleavings,
  passkeys,
];
