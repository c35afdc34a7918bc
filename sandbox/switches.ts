import * as z from 'zod';
import { type VerifiedPhoneNumberFormat, verifiedPhoneNumberFormats } from './phone-number.ts';

/** The vendor's unknown behaviour, so that the app can be tested with each variant. */
export interface Switches {
  /** `distinct`: each live session of a phone number has its own. `shared`: one for all. */
  callNumbers: 'distinct' | 'shared';
  /** What a call must match: the session's call number and caller, or the caller alone. */
  match: 'call_number' | 'caller';
  callbacks: 'on' | 'off';
  /** The format of `phone_number` in the answer to a check. */
  verifiedPhoneNumberFormat: VerifiedPhoneNumberFormat;
}

export const defaultSwitches: Switches = {
  callNumbers: 'distinct',
  match: 'call_number',
  callbacks: 'on',
  verifiedPhoneNumberFormat: 'e164',
};

/** The switches as `GET /_sandbox/options` shows them. */
export const switchesWireSchema = z.strictObject({
  call_numbers: z.enum(['distinct', 'shared']),
  match: z.enum(['call_number', 'caller']),
  callbacks: z.enum(['on', 'off']),
  verified_phone_number_format: z.enum(verifiedPhoneNumberFormats),
});

type SwitchesWire = z.infer<typeof switchesWireSchema>;

/** The switches in the shape of `/_sandbox/options`. */
export function switchesToWire(switches: Switches): SwitchesWire {
  return {
    call_numbers: switches.callNumbers,
    match: switches.match,
    callbacks: switches.callbacks,
    verified_phone_number_format: switches.verifiedPhoneNumberFormat,
  };
}

/** The inverse of `switchesToWire`. */
export function switchesFromWire(wire: SwitchesWire): Switches {
  return {
    callNumbers: wire.call_numbers,
    match: wire.match,
    callbacks: wire.callbacks,
    verifiedPhoneNumberFormat: wire.verified_phone_number_format,
  };
}
