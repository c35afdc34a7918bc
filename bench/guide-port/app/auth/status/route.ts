import { answerFailure } from '../../../lib/failures.ts';
import { checkStatus } from '../../../lib/pauth-service.ts';
import { readSession } from '../../../lib/session.ts';
import { findUserByPhone } from '../../../lib/users.ts';

export async function GET(): Promise<Response> {
  try {
    const session = await readSession();
    const data = await checkStatus(session.pauth_session_id ?? '');
    if (data.status === 'expired') {
      delete session.pauth_session_id;
      await session.save();
      return Response.json({ status: 'expired', message: '再度お試しください' }, { status: 408 });
    }
    if (data.status === 'verified') {
      const user = findUserByPhone(data.phone_number ?? '');
      if (user === null) {
        throw new Error('no user has this phone number');
      }
      session.user = user;
      await session.save();
    }
    return Response.json({ status: data.status });
  } catch (error) {
    return answerFailure(error);
  }
}
