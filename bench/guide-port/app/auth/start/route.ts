import * as z from 'zod';
import { answerFailure } from '../../../lib/failures.ts';
import { createSession } from '../../../lib/pauth-service.ts';
import { readSession } from '../../../lib/session.ts';

const parametersSchema = z.object({ phone_number: z.string() });

export async function POST(request: Request): Promise<Response> {
  try {
    const { phone_number: phoneNumber } = parametersSchema.parse(await request.json());
    const callbackUrl = new URL('/auth/callback', request.url).href;
    const result = await createSession(phoneNumber, callbackUrl);
    const session = await readSession();
    session.pauth_session_id = result.id;
    await session.save();
    return Response.json({ session_id: result.id, call_number: result.call_number });
  } catch (error) {
    return answerFailure(error);
  }
}
