import type { Messages } from './messages.ts';

export const en: Messages = {
  site: {
    languageLabel: 'Language',
    sandboxNotice: 'This is a trial setup. Use the trial phone, not a real one.',
    sandboxLink: 'Open the trial phone',
    noScript: 'To log in, switch JavaScript on in your browser and reload this page.',
    notFoundHeading: 'Page not found',
    notFoundText: 'Please check the address.',
    crashHeading: 'Something went wrong',
    crashText: 'Please wait a moment and reload the page.',
    reload: 'Reload',
    toLogin: 'Go to login',
  },
  login: {
    title: 'Log in',
    numberHeading: 'Log in with your phone number',
    numberIntro:
      'Enter the number of your phone. We then show you a number to call. Call it from that phone and you are logged in. You do not need to speak.',
    cost: {
      free: 'The call is free.',
      paid: 'The call costs what your provider charges.',
      unknown: 'Your provider may charge for the call.',
    },
    numberLabel: 'Phone number',
    numberExample: 'Example: {example}',
    numberSubmit: 'Show the number to call',
    numberSubmitting: 'Getting a number to call…',
    callHeading: 'Call this number',
    callFrom: 'Call from {phoneNumber}.',
    callChange: 'Change phone number',
    callButton: 'Call now',
    callAdvice:
      'Do not hide your number. You can hang up as soon as the call connects, without speaking.',
    callOwnPage: 'Call only if you opened this page yourself.',
    waiting: 'Waiting for your call. This page moves on by itself.',
    timeLeft: '{minutes} min {seconds} s left',
    timeLeftSpoken: 'About {minutes} minutes left.',
    timeLeftLast: 'Less than one minute left.',
    disconnected:
      'We cannot reach the server. Stay where you have signal: we continue as soon as it is back.',
    vendorTrouble:
      'Checking for your call is taking longer than usual. Your login is still open: please wait.',
    sandboxHint: 'In this trial setup, call from the trial phone instead of a real one.',
    sandboxLink: 'Call from the trial phone',
    pausedHeading: 'We have not seen your call yet',
    pausedText: 'If you have called, use the button below to check.',
    pausedCheck: 'Check again',
    pausedChecking: 'Checking…',
    startAgain: 'Get a new number to call',
    backToNumber: 'Back to your phone number',
    expiredHeading: 'Time is up',
    cancelledHeading: 'Cancelled',
    contestedHeading: 'Login stopped',
    failedHeading: 'You could not be logged in',
    verifiedHeading: 'You are logged in',
    verifiedText: 'Taking you there…',
  },
  account: {
    title: 'Account',
    heading: 'You are logged in',
    phoneNumber: 'Phone number',
    since: 'Member since',
    logOut: 'Log out',
    loggingOut: 'Logging out…',
    logOutFailed: 'We could not log you out. Check your connection and press again.',
  },
  errors: {
    phone_number_missing: 'Enter your phone number.',
    phone_number_unreadable: 'This is not a phone number. Please enter digits.',
    phone_number_too_short: 'This number has too few digits. Please check it.',
    phone_number_too_long: 'This number has too many digits. Please check it.',
    phone_number_unknown_country: 'There is no country with this code. Please check the number.',
    phone_number_not_in_country:
      'There is no such number in {country}. Please check it. For a number of another country, start with + and the country code.',
    phone_number_cannot_call: 'This number cannot place calls. Enter the number of your own phone.',
    request_cross_origin:
      'This request came from another site, so it was stopped. Open a page of this site and try again.',
    request_not_json: 'The request has the wrong format. Reload the page and try again.',
    request_too_large: 'The request is too large. Reload the page and try again.',
    request_invalid: 'The request is not valid. Reload the page and try again.',
    rate_limited: 'There were too many tries in a row. Please try again in {wait}.',
    attempt_missing: 'No login is under way here. Start again with your phone number.',
    attempt_expired: 'We did not see your call in time. Please try again.',
    attempt_cancelled: 'This login was cancelled. Start again with your phone number.',
    attempt_contested:
      'Somebody was logging in with the same phone number in another browser. To be safe, both were stopped. If that was not you, do not call. If it was you, wait a few minutes and start again in one browser only.',
    attempt_failed: 'This login could not be completed. Start again with your phone number.',
    signup_closed:
      'This phone number is not registered. Use a registered number, or contact the people who run this site.',
    user_disabled:
      'The account of this phone number is disabled. Please contact the people who run this site.',
    pauth_unreachable:
      'We could not connect to the call service. Please wait a moment and try again.',
    pauth_timed_out: 'The call service did not answer in time. Please wait a moment and try again.',
    pauth_refused_number:
      'This phone number was not accepted. Check it, or try another phone number.',
    pauth_failed: 'The call service has a problem. Please wait a moment and try again.',
    not_logged_in: 'You are not logged in. Log in and try again.',
    store_unavailable: 'We cannot do this right now. Please wait a moment and try again.',
    internal_error: 'Something went wrong. Please wait a moment and try again.',
  },
};
