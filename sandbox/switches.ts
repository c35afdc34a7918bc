import * as z from 'zod';
import { verifiedPhoneNumberFormats } from './phone-number.ts';

/** The vendor's unknown behaviour, in the shape of `/_sandbox/options`: the app is tested with each variant. */
export const switchesSchema = z.strictObject({
  /** `distinct`: each live session of a phone number has its own. `shared`: one for all. */
  call_numbers: z.enum(['distinct', 'shared']),
  /** What a call must match: the session's call number and caller, or the caller alone. */
  match: z.enum(['call_number', 'caller']),
  callbacks: z.enum(['on', 'off']),
  /** The format of `phone_number` in the answer to a check. */
  verified_phone_number_format: z.enum(verifiedPhoneNumberFormats),
});

export type Switches = z.infer<typeof switchesSchema>;

export const defaultSwitches: Switches = {
  call_numbers: 'distinct',
  match: 'call_number',
  callbacks: 'on',
  verified_phone_number_format: 'e164',
};
