import { redirect } from 'next/navigation';
import { readSession } from '#lib/session/session.ts';

export default async function HomePage() {
  redirect((await readSession()) === null ? '/login' : '/account');
}
