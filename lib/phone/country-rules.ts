import 'server-only';
import type { CountryCode } from 'libphonenumber-js/max';

interface CountryRules {
  /** Dialled before a number of the country: `show` reveals a caller ID that is withheld by default. */
  callerIdPrefixes?: { withhold: string; show: string };
  /** A spelling in E.164 that the country has given up, and what its beginning is now. */
  formerSpelling?: { pattern: RegExp; now: string };
  /**
   * How mobile numbers begin in E.164 for calls from abroad, and how else. A caller ID may have either, so a
   * person's number is kept in the second form, which does not tell a mobile number from a landline.
   */
  mobileSpelling?: { abroad: RegExp; kept: string };
}

/** What people of a country write or dial beyond the metadata of libphonenumber. */
export const countryRules: Readonly<Partial<Record<CountryCode, CountryRules>>> = {
  JP: { callerIdPrefixes: { withhold: '184', show: '186' } },
  AR: { mobileSpelling: { abroad: /^\+549(?=\d{10}$)/, kept: '+54' } },
  // Until August 2019 a 1 came before a mobile number that was called from abroad, and 01, 044 or 045 before one
  // that was called from Mexico; contacts still have them.
  MX: { formerSpelling: { pattern: /^\+52(?:1|01|044|045)(?=\d{10}$)/, now: '+52' } },
};
