// A headless Chromium, and pages that remember what must not happen: console errors, requests to another host.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const DESKTOP = { width: 1200, height: 900 };
export const PHONE = { width: 375, height: 812 };

export function launch() {
  const found = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
  if (!found) throw new Error('there is no Chromium: scripts/install-packages installs it');
  return chromium.launch({
    executablePath: found,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A page at a node's address; `complaints` and `strangers` fill as it is used. */
export async function open(browser, node, options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.complaints = [];
  page.strangers = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.host !== node.name && url.protocol !== 'data:' && url.protocol !== 'blob:') page.strangers.push(request.url());
  });
  await page.goto(`${node.url}/`);
  await page.locator('#link[data-level=good]').waitFor();
  return page;
}
