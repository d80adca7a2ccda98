// Takes the pictures of the status page that the docs show: node pictures.js FOLDER. scripts/make-status-pictures calls it.

import { join } from 'node:path';
import { launch, open, PHONE } from './browser.js';
import { startRing, until } from './nodes.js';

const programs = process.env.MYDHT_PROGRAMS ?? new URL('../../build/bin', import.meta.url).pathname;
const folder = process.argv[2];

const VALUES = {
  'a key with <b>brackets</b>': 64, 'films/holiday.mp4': 48_400_000, 'films/kite.mp4': 21_700_000, 'letters/alice': 1912,
  'letters/bob': 2240, 'music/third-symphony.ogg': 9_100_000, 'notes/monday': 420, 'photos/2026/ferry at dawn.jpg': 3_520_000,
  'photos/2026/harbour.jpg': 2_910_000, 'photos/2026/Möwen.jpg': 4_060_000, 'recipes/bread': 2048,
};

/** Somebody reads and writes for a while, so that there is something to draw. */
async function use(nodes, page) {
  const end = Date.now() + 75_000;
  for (let round = 0; Date.now() < end; round += 1) {
    const swell = 1 + Math.sin(round / 9) + (round % 17 === 0 ? 2 : 0);
    await Promise.all(Object.keys(VALUES).slice(3).map((key, i) => (i < 5 * swell ? fetch(`${nodes[0].url}/_mydht/value?key=${encodeURIComponent(key)}`).then((answer) => answer.arrayBuffer()) : 0)));
    await page.waitForTimeout(250);
  }
}

async function picture(browser, node, name, options, prepare = () => {}) {
  const page = await open(browser, node, { deviceScaleFactor: 1.5, ...options });
  await until('what members say of themselves', async () => (await page.locator('#nodes td.view code').count()) === (await page.locator('#nodes tbody tr').count()));
  await page.locator('#ring .keys-of').waitFor({ state: 'attached' });
  await page.locator('#keys tbody tr').first().waitFor();
  await prepare(page);
  await page.screenshot({ path: join(folder, name), fullPage: true, animations: 'disabled' });
  await page.context().close();
}

const ring = await startRing(programs, 3, 50140);
const browser = await launch();
try {
  let turn = 0;
  for (const [key, size] of Object.entries(VALUES)) await ring.nodes[turn++ % ring.nodes.length].put(key, Buffer.alloc(size, key), 'application/octet-stream');
  const page = await open(browser, ring.nodes[0]);
  if (!process.env.QUICK) await use(ring.nodes, page);
  await page.context().close();
  const everywhere = async () => (await ring.nodes[0].get('/_mydht/ring')).members.every((member) => member.keys === Object.keys(VALUES).length);
  await until('every key on every node', everywhere, 300_000);
  await picture(browser, ring.nodes[0], 'status.png', {});
  await picture(browser, ring.nodes[0], 'status-dark.png', { colorScheme: 'dark' }, async (dark) => {
    await dark.getByRole('button', { name: 'Details of photos/2026/harbour.jpg' }).click();
    await dark.locator('.detail .homes a').first().waitFor();
  });
  await picture(browser, ring.nodes[0], 'status-phone.png', { viewport: PHONE });
  await ring.nodes[1].end();
  await picture(browser, ring.nodes[0], 'status-node-down.png', {}, async (down) => {
    await down.locator('#nodes tr.is-silent').waitFor();
    for (const key of ['letters/alice', 'notes/monday', 'recipes/bread']) await ring.nodes[2].put(key, Buffer.alloc(VALUES[key], key), 'application/octet-stream');
    await down.locator('#upkeep td.kept').filter({ hasText: '3 writes' }).waitFor();
  });
} finally {
  await browser.close();
  await ring.end();
}
