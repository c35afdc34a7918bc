import { Agent, request } from 'node:http';
import { phoneNumberOf, USER_COUNT } from '../phone-numbers.ts';

// One store may serve several load drivers, one after another: each begins with another user.
let used = Math.floor(Math.random() * USER_COUNT);

/** The next user to log in. Repeats only after all others. */
export function nextNumber(): { number: number; phoneNumber: string } {
  const number = used;
  used += 1;
  return { number, phoneNumber: phoneNumberOf(number) };
}

/** Gives an idle connection up before the sandbox closes it, after six seconds: no call meets a closing one. */
const agent = new Agent({ keepAlive: true, timeout: 4_000 });

/** Places a call at the sandbox. Resolves when the vendor has seen it. @throws if it is refused. */
export async function call(sandboxUrl: string, from: string, to: string): Promise<void> {
  const payload = JSON.stringify({ from, to });
  await new Promise<void>((resolve, reject) => {
    const calling = request(
      `${sandboxUrl}/_sandbox/calls`,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
        },
      },
      (response) => {
        response.resume();
        response.once('end', () =>
          response.statusCode === 200
            ? resolve()
            : reject(new Error(`the call was answered with ${response.statusCode}`)),
        );
      },
    );
    calling.once('error', reject);
    calling.end(payload);
  });
}
