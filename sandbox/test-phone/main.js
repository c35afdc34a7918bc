import { readState } from './control.js';
import { byId, setText } from './page.js';
import { setUpPhone, showPhone, translatePhone } from './phone.js';
import { setUpVendor, showVendor, translateVendor } from './vendor.js';
import { preferredLanguage, words } from './words.js';

const POLL_INTERVAL_MS = 1_000;

const languageButtons = document.querySelectorAll('[data-language]');
let text;
let state = null;

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
  for (const button of languageButtons) {
    button.ariaPressed = String(button.dataset.language === language);
  }
  translatePhone(text);
  translateVendor(text);
  show();
}

function show() {
  if (state !== null) {
    showPhone(state);
    showVendor(state);
  }
}

async function refresh() {
  try {
    state = await readState();
    setText(byId('unreachable'), '');
    show();
  } catch {
    setText(byId('unreachable'), text.unreachable);
  }
}

function refreshIfVisible() {
  if (!document.hidden) {
    void refresh();
  }
}

setUpPhone(refresh);
setUpVendor(refresh);
translate(preferredLanguage(location.href, navigator.language));
for (const button of languageButtons) {
  button.addEventListener('click', () => {
    const { language } = button.dataset;
    const address = new URL(location.href);
    address.searchParams.set('lang', language);
    history.replaceState(null, '', address);
    translate(language);
  });
}
// Not every browser makes a scrollable element focusable, which the keyboard needs to scroll it.
for (const list of document.querySelectorAll('.list')) {
  list.tabIndex = 0;
}
document.documentElement.dataset.ready = 'true';
void refresh();
setInterval(refreshIfVisible, POLL_INTERVAL_MS);
document.addEventListener('visibilitychange', refreshIfVisible);
