import 'server-only';
import { readAttemptStatus } from '../login/attempt-status.ts';
import { formatPhoneNumber } from '../phone/phone-number.ts';
import type { App } from '../services.ts';
import type { StartRequest } from '../shared/contract.ts';

/** What starts this browser's attempt once more, be it live or over, with nothing typed again. */
export async function readStartAgain({ config, cookies, login }: App): Promise<StartRequest> {
  const cookie = await cookies.attempt.read();
  if (cookie?.attemptToken === undefined) {
    return { phone_number: '' };
  }
  if (cookie.number === 'remembered') {
    return { remembered: true };
  }
  const look = await readAttemptStatus(login, cookie.attemptToken);
  return {
    phone_number:
      look === null ? '' : formatPhoneNumber(look.attempt.phone_number, config.app.defaultCountry),
    remember: cookie.number === 'to_remember',
  };
}
