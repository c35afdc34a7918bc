import { look } from './control.js';
import { byId, setText } from './page.js';
import { setUpPhone, showWaiting, translatePhone } from './phone.js';
import { setUpVendor, showVendor, translateVendor } from './vendor.js';
import { wantedLanguage, words } from './words.js';

const POLL_INTERVAL_MS = 1_000;

let text;
let lastLook = null;

function translate(language) {
  text = words[language];
  document.documentElement.lang = language;
  document.title = text.title;
  for (const element of document.querySelectorAll('[data-text]')) {
    setText(element, text[element.dataset.text]);
  }
  for (const element of document.querySelectorAll('[data-label]')) {
    element.ariaLabel = text[element.dataset.label];
  }
  for (const button of document.querySelectorAll('[data-language]')) {
    button.ariaPressed = String(button.dataset.language === language);
  }
  translatePhone(text);
  translateVendor(text);
  show();
}

function show() {
  if (lastLook !== null) {
    showWaiting(lastLook.sessions);
    showVendor(lastLook);
  }
}

async function refresh() {
  try {
    lastLook = await look();
    setText(byId('unreachable'), '');
    show();
  } catch {
    setText(byId('unreachable'), text.unreachable);
  }
}

setUpPhone(refresh);
setUpVendor(refresh);
translate(wantedLanguage(location.href, navigator.language));
for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => {
    const { language } = button.dataset;
    const address = new URL(location.href);
    address.searchParams.set('lang', language);
    history.replaceState(null, '', address);
    translate(language);
  });
}
// What scrolls must scroll by keyboard in every browser.
for (const list of document.querySelectorAll('.list')) list.tabIndex = 0;
document.documentElement.dataset.ready = 'true';
void refresh();
setInterval(() => {
  if (!document.hidden) void refresh();
}, POLL_INTERVAL_MS);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh();
});
