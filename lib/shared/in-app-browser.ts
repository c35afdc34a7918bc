/** LINE, whose browser can be told to open a page in the browser of the phone. */
const line = /\bLine\//;

/** Instagram, Facebook, X, WeChat, KakaoTalk, Yahoo! JAPAN, and any Android app with a web view. */
const others =
  /\bInstagram \d|\bFB(?:AN|AV)\/|\bTwitter|\bMicroMessenger\/|\bKAKAOTALK|\bYJApp|; wv\)/;

/** Whose browser a User-Agent names, if it is one inside an app. */
export function findInAppBrowser(userAgent: string): 'line' | 'other' | null {
  if (line.test(userAgent)) {
    return 'line';
  }
  return others.test(userAgent) ? 'other' : null;
}
