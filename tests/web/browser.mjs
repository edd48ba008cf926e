// A browser, and what is asked of every page.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SHOTS = join(dirname(fileURLToPath(import.meta.url)), "shots");
mkdirSync(SHOTS, { recursive: true });

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-prefers-reduced-motion"],
  });
}

/** A page of its own context that fails the test for any error or any request to somebody else. */
export async function open(browser, viewport, options = {}) {
  const context = await browser.newContext({ viewport, locale: "zh-CN", timezoneId: "Asia/Shanghai", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // Chromium also reports statuses that a story asks for.
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) {
      page.problems.push(`console: ${message.text()}`);
    }
  });
  page.on("request", (request) => {
    const host = new URL(request.url()).hostname;
    if (host !== "127.0.0.1") page.problems.push(`asked ${request.url()}`);
  });
  return page;
}

export async function signIn(page, web, login, password) {
  await page.goto(`${web}/login`);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.click("button[type=submit].main-button");
  await page.waitForURL(`${web}/`);
}

/** What a browser says of a server that was not there is no mistake of the page. */
export function forgetOutage(page) {
  page.problems = page.problems.filter((words) => !/ERR_|Failed to load|^console: htmx:/.test(words));
}

/** Looks at a page as it is: accessibility, nothing wider than the window, a picture. */
export async function inspect(page, name) {
  assert.deepEqual(page.problems, [], name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${name} is ${wide} px wider than the window`);
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  if (!(await page.evaluate(() => "axe" in window).catch(() => false))) {
    // Evaluated from outside the page, so that its policy against foreign scripts stays as it is.
    await page.evaluate(await axeSource());
  }
  const result = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  const words = result.violations.map(
    (one) => `${one.id}: ${one.help}\n    ${one.nodes.map((node) => node.html).slice(0, 4).join("\n    ")}`,
  );
  assert.deepEqual(words, [], `${name} is not accessible`);
}

let source;
async function axeSource() {
  const { readFileSync } = await import("node:fs");
  source ??= readFileSync(AXE, "utf8");
  return source;
}

/** What a page weighs and how soon something is seen. */
export async function weigh(page, name) {
  const seen = await page.evaluate(async () => {
    // Told a moment after it has happened.
    const paint = await new Promise((done) => {
      new PerformanceObserver((list) => {
        const first = list.getEntriesByName("first-contentful-paint")[0];
        if (first) done(first);
      }).observe({ type: "paint", buffered: true });
      setTimeout(done, 2_000);
    });
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return {
      requests: entries.length,
      sent: entries.reduce((sum, one) => sum + one.transferSize, 0),
      whole: entries.reduce((sum, one) => sum + one.decodedBodySize, 0),
      paint: paint ? Math.round(paint.startTime) : null,
    };
  });
  const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  console.log(
    `${name}: ${seen.requests} requests, ${kB(seen.sent)} sent (${kB(seen.whole)} unpacked), first paint ${seen.paint} ms`,
  );
  return seen;
}

/** Loads the page again when something with these words is on it that comes of its own accord: for pages that do not renew themselves. */
export async function reloadUntil(page, selector, words = "") {
  await page.waitForFunction(
    async ([wanted, text]) => {
      const answer = await fetch(location.href);
      const read = new DOMParser().parseFromString(await answer.text(), "text/html");
      return [...read.querySelectorAll(wanted)].some((one) => one.textContent.includes(text));
    },
    [selector, words],
    { polling: 200, timeout: 30_000 },
  );
  await page.reload();
}
