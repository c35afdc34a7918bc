import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { LoginFlow } from '#components/login/login-flow.tsx';
import { messagesIn, readLanguage } from '#lib/http/language.ts';
import { ownPath } from '#lib/http/own-path.ts';
import { readSession } from '#lib/http/session.ts';
import { pageContext } from '#lib/http/visit.ts';
import { examplePhoneNumber } from '#lib/phone/phone-number.ts';
import { fillIn } from '#lib/shared/messages/messages.ts';
import { nameCountries } from './countries.ts';
import { readFirstStep } from './first-step.ts';
import { showRemembered } from './remembered.tsx';

export async function generateMetadata(): Promise<Metadata> {
  return { title: messagesIn(await readLanguage()).login.title };
}

export default async function LoginPage({ searchParams }: PageProps<'/login'>) {
  const { next: wanted, other, called } = await searchParams;
  const next = ownPath(typeof wanted === 'string' ? wanted : undefined, '/account');
  const visit = await pageContext();
  const { app, language } = visit;
  const { config, cookies } = app;
  if ((await readSession(app)) !== null) {
    redirect(next);
  }
  const country = config.app.defaultCountry;
  const messages = messagesIn(language).login;
  const remembered = other === undefined ? await cookies.number.read() : null;
  return (
    <LoginFlow
      initialStep={await readFirstStep(visit)}
      messages={messages}
      intro={fillIn(messages.numberIntro, { cost: messages.cost[config.app.callCost] })}
      example={examplePhoneNumber(country)}
      countries={nameCountries(language, country)}
      remembered={
        remembered === null
          ? null
          : showRemembered(remembered.phoneNumber, { messages, country, next })
      }
      pollLimit={config.attempt.pollLimit}
      next={next}
      helpUrl={config.app.helpUrl?.href ?? null}
      sandboxUrl={config.pauth.isSandbox ? config.pauth.baseUrl.href : null}
      hasCalled={called !== undefined}
    />
  );
}
