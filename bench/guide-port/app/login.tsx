'use client';

import { type FormEvent, useEffect, useState } from 'react';

const INTERVAL_MS = 2_000;
const MOST_TRIES = 30;

/** A number to type, a number to call, and polls until the call has come. */
export function Login() {
  const [callNumber, setCallNumber] = useState<string | null>(null);
  const [text, setText] = useState('');

  async function start(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const response = await fetch('/auth/start', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ phone_number: new FormData(event.currentTarget).get('phone_number') }),
    });
    const reply = await response.json();
    setText(reply.error ?? '');
    setCallNumber(reply.call_number ?? null);
  }

  useEffect(() => {
    if (callNumber === null) {
      return;
    }
    let tries = 0;
    let timer: ReturnType<typeof setTimeout>;
    async function poll() {
      tries += 1;
      const reply = await (await fetch('/auth/status')).json();
      if (reply.status === 'verified' || reply.status === 'expired') {
        setText(reply.message ?? 'ログインしました');
        setCallNumber(null);
      } else if (tries < MOST_TRIES) {
        timer = setTimeout(poll, INTERVAL_MS);
      }
    }
    void poll();
    return () => clearTimeout(timer);
  }, [callNumber]);

  return (
    <main>
      <form onSubmit={start}>
        <input name="phone_number" type="tel" required aria-label="電話番号" />
        <button type="submit">ログイン</button>
      </form>
      {callNumber !== null && (
        <p>
          この番号に電話してください: <a href={`tel:${callNumber}`}>{callNumber}</a>
        </p>
      )}
      <p role="status">{text}</p>
    </main>
  );
}
