import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { pageContext } from '#app/page-context.ts';
import { LoginFlow } from '#components/login/login-flow.tsx';
import { ownPath } from '#lib/http/own-path.ts';
import { readSession } from '#lib/http/session.ts';
import { examplePhoneNumber } from '#lib/phone/phone-number.ts';
import { fillIn } from '#lib/shared/messages/messages.ts';
import { nameCountries } from './countries.ts';
import { readFirstStep } from './first-step.ts';
import { adviseInAppBrowser } from './in-app-browser.tsx';
import { showRemembered } from './remembered.tsx';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await pageContext()).messages.login.title };
}

export default async function LoginPage({ searchParams }: PageProps<'/login'>) {
  const { next: wanted, other, called } = await searchParams;
  const next = ownPath(typeof wanted === 'string' ? wanted : undefined, '/account');
  const context = await pageContext();
  const { cookies, language, services } = context;
  const { config } = services;
  if ((await readSession(context)) !== null) {
    redirect(next);
  }
  const country = config.app.defaultCountry;
  const messages = context.messages.login;
  const remembered = other === undefined ? await cookies.number.read() : null;
  return (
    <LoginFlow
      initialStep={await readFirstStep(context)}
      messages={messages}
      errors={context.messages.errors}
      language={language}
      passkeys={services.passkeys === null ? null : context.messages.passkeys}
      intro={fillIn(messages.numberIntro, { cost: messages.cost[config.app.callCost] })}
      example={examplePhoneNumber(country)}
      countries={nameCountries(language, country)}
      remembered={remembered && showRemembered(remembered.phoneNumber, { messages, country, next })}
      pollLimit={config.attempt.pollLimit}
      holdSeconds={config.attempt.statusWaitSeconds}
      next={next}
      advice={adviseInAppBrowser((await headers()).get('user-agent') ?? '', {
        messages: context.messages.site.inApp,
        next,
      })}
      helpUrl={config.app.helpUrl?.href ?? null}
      sandboxUrl={config.pauth.isSandbox ? config.pauth.baseUrl.href : null}
      hasCalled={called !== undefined}
    />
  );
}
