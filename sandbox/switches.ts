import { z } from 'zod';
import { verifiedPhoneNumberFormats } from './phone-number.ts';

/** What is not known of the vendor, so that it can be tried either way. */
export type Switches = {
  /** `distinct`: each live session of one phone number has its own. `shared`: one for all. */
  callNumbers: 'distinct' | 'shared';
  /** `call_number`: a call must hit the session's own number. `caller`: the caller alone counts. */
  match: 'call_number' | 'caller';
  callbacks: 'on' | 'off';
  /** The spelling of `phone_number` in the answer to a check. */
  verifiedPhoneNumberFormat: (typeof verifiedPhoneNumberFormats)[number];
};

export const defaultSwitches: Switches = {
  callNumbers: 'distinct',
  match: 'call_number',
  callbacks: 'on',
  verifiedPhoneNumberFormat: 'e164',
};

/** The switches as the control surface spells them. */
export const switchesWireSchema = z.strictObject({
  call_numbers: z.enum(['distinct', 'shared']),
  match: z.enum(['call_number', 'caller']),
  callbacks: z.enum(['on', 'off']),
  verified_phone_number_format: z.enum(verifiedPhoneNumberFormats),
});
type SwitchesWire = z.infer<typeof switchesWireSchema>;

export function switchesToWire(switches: Switches): SwitchesWire {
  return {
    call_numbers: switches.callNumbers,
    match: switches.match,
    callbacks: switches.callbacks,
    verified_phone_number_format: switches.verifiedPhoneNumberFormat,
  };
}

export function switchesFromWire(wire: SwitchesWire): Switches {
  return {
    callNumbers: wire.call_numbers,
    match: wire.match,
    callbacks: wire.callbacks,
    verifiedPhoneNumberFormat: wire.verified_phone_number_format,
  };
}
