// The dispatch board in real browsers: two dispatchers, one resource, a hub that goes away in the middle.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { DESKTOP, PHONE, forgetOutage, inspect, launch, open, signIn, weigh } from "./browser.mjs";
import { callForHelp, dispatcherOf } from "./dispatch.mjs";
import { startDemo } from "./park.mjs";

let browser;
let demo;

before(async () => {
  [browser, demo] = await Promise.all([launch(), startDemo()]);
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** A page of a dispatcher, signed in. */
function dispatcher(viewport, login = "dispatcher") {
  return dispatcherOf(browser, demo, viewport, login);
}

/** A request for the park's only crane. */
function callForCrane(page, title) {
  return callForHelp(page, demo, { title, kind: "vehicle", what: "汽车吊", capability: "破拆配合" });
}

describe("an empty board", () => {
  for (const [size, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
    it(`says what to do, at ${size} width`, async () => {
      const page = await dispatcher(viewport);
      await page.click(".places a[href='/board']");
      await page.waitForSelector(".empty a[href='/board/new']");
      await inspect(page, `board-empty-${size}`);
      await page.goto(`${demo.web}/board/new`);
      await inspect(page, `board-new-${size}`);
      await page.goto(`${demo.web}/board/map`);
      await page.waitForSelector("svg.park .road");
      await inspect(page, `board-map-empty-${size}`);
    });
  }
});

describe("two dispatchers", () => {
  let wang;
  let li;
  let first;
  let second;

  before(async () => {
    wang = await dispatcher(DESKTOP);
    li = await dispatcher(PHONE, "operator");
  });

  it("open requests, which the other's board shows by itself", async () => {
    await li.goto(`${demo.web}/board`);
    await li.click("[data-sound]");
    assert.equal(await li.getAttribute("[data-sound]", "aria-pressed"), "true");
    first = await callForCrane(wang, "一号码头需要吊车");
    await li.waitForSelector("text=一号码头需要吊车");
    second = await callForCrane(wang, "二号码头需要吊车");
    await li.waitForSelector(".aid >> text=二号码头需要吊车");
    await inspect(li, "board-phone");
    await wang.goto(`${demo.web}/board`);
    await inspect(wang, "board-desktop");
    await weigh(wang, "board");
    for (const name of ["导出 CAP", "导出 EDXL-RM"]) {
      await wang.goto(first);
      const address = await wang.locator("a", { hasText: name }).first().getAttribute("href");
      const answer = await wang.request.get(`${demo.web}${address}`);
      assert.equal(answer.status(), 200, name);
      const root = await wang.evaluate(
        (text) => new DOMParser().parseFromString(text, "application/xml").documentElement.localName,
        await answer.text(),
      );
      assert.match(root, /^(alert|RequestResource)$/, name);
    }
  });

  it("see each other, and one resource goes to one of them", async () => {
    await wang.goto(first);
    await li.goto(first);
    await wang.waitForSelector("#others:not([hidden])");
    assert.match(await wang.textContent("#others"), /顾思远/);
    await li.goto(second);
    const order = (page) => page.locator(".candidate").first().locator(".deed-main");
    assert.equal(
      await wang.locator(".candidate-head").first().textContent(),
      await li.locator(".candidate-head").first().textContent(),
      "both see the same one first",
    );
    await inspect(wang, "request-desktop");
    await inspect(li, "request-phone");
    // Both have it open before one of them orders: what is typed is not taken away.
    await li.evaluate(() => window.scrollTo(0, 0));
    await order(li).locator("summary").click();
    await order(li).locator("[name=quantity]").fill("1");
    await order(wang).locator("summary").click();
    await order(wang).locator("button[type=submit]").click();
    await wang.waitForURL(/done=1/);
    await li.waitForSelector("#fresh.late");
    assert.match(await li.textContent("[data-fresh]"), /正在填写/);
    assert.equal(await order(li).locator("[name=quantity]").inputValue(), "1");
    await order(li).locator("button[type=submit]").click();
    await li.waitForSelector("[role=alert]");
    assert.match((await li.locator("[role=alert]").allTextContents()).join(" "), /一号码头需要吊车/);
    await inspect(li, "refused-phone");
  });

  it("by keyboard alone one confirms for the owner", async () => {
    await wang.goto(first);
    const keys = wang.keyboard;
    const to = async (selector) => {
      for (let step = 0; step < 120; step += 1) {
        if (await wang.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
        await keys.press("Tab");
      }
      assert.fail(`Tab does not lead to ${selector}`);
    };
    if (await wang.locator("[id^=form-confirm-]").count()) {
      await to("[id^=form-confirm-] > summary");
      await keys.press("Enter");
      await to("[id^=form-confirm-] [name=eta_seconds]");
      await keys.type("12");
      await keys.press("Enter");
      await wang.waitForURL(/done=1/);
    }
    await wang.waitForSelector(".sent-committed");
    await wang.click(".sent-line a[href$='/order']");
    await wang.waitForSelector(".sheet");
    await inspect(wang, "mission-order");
  });

  it("go on when the hub has been away, without loading the page again", async () => {
    await wang.goto(first);
    await li.goto(`${demo.web}/board/wall`);
    await wang.evaluate(() => {
      window.isStillThere = true;
    });
    await demo.end();
    await wang.waitForSelector("#fresh.lost", { timeout: 40_000 });
    assert.match(await wang.textContent("[data-fresh]"), /失去联系/);
    await demo.begin();
    await wang.waitForSelector("#fresh:not(.lost)", { timeout: 40_000 });
    const other = await dispatcher(DESKTOP);
    await other.goto(first);
    await other.locator("[id^=form-depart-] > summary").click();
    await other.locator("[id^=form-depart-] button[type=submit]").click();
    await other.waitForURL(/done=1/);
    await wang.waitForSelector(".sent-en-route");
    assert.equal(await wang.evaluate(() => window.isStillThere), true);
    await li.waitForSelector(".wall .sent-en-route", { timeout: 40_000 });
    forgetOutage(wang);
    await inspect(wang, "after-restart");
    await other.setViewportSize({ width: 1920, height: 1080 });
    await other.goto(`${demo.web}/board`);
    // Somebody sets a style and takes it back, as an extension does: an empty attribute stays, which the next fetch must
    // not write anew.
    await other.evaluate(() => {
      for (const one of document.querySelectorAll("#live, #live [id]")) {
        one.style.color = "red";
        one.style.color = "";
      }
      document.getElementById("live").dataset.isOld = "1";
      window.htmx.trigger(document.getElementById("live"), "board-refresh");
    });
    await other.waitForSelector("#live:not([data-is-old])");
    await other.click("a[href='/board/wall']");
    await other.waitForURL(`${demo.web}/board/wall`);
    await other.waitForSelector(".wall svg.park .mark.moving");
    await inspect(other, "wall");
  });

  it("see on the plan which way it comes and who else could help", async () => {
    for (const [size, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
      const page = await dispatcher(viewport);
      await page.goto(`${demo.web}/board/map`);
      await page.waitForSelector("svg.park .way.ordered");
      const option = await page.locator("#line option", { hasText: "二号码头需要吊车" }).getAttribute("value");
      await page.selectOption("#line", option);
      await page.click(".map-line button");
      await page.waitForURL(/line=/);
      const marks = page.locator("svg.park a");
      assert.ok((await marks.count()) >= 3);
      for (const mark of await marks.all()) assert.ok((await mark.locator("title").textContent()).length > 3);
      await marks.first().focus();
      assert.equal(await page.evaluate(() => document.activeElement.closest("svg.park") !== null), true);
      await inspect(page, `map-${size}`);
    }
  });
});

describe("without a script", () => {
  it("everything is there and can be done", async () => {
    const page = await open(browser, PHONE, { javaScriptEnabled: false });
    await signIn(page, demo.web, "dispatcher", demo.passwords.dispatcher);
    await page.goto(`${demo.web}/board`);
    await page.locator(".aid-title a").first().click();
    await page.waitForSelector("#timeline");
    await page.locator("[id='form-stand-down'] > summary").click();
    await page.locator("[id='form-stand-down'] [name=reason]").fill("演示结束");
    await page.locator("[id='form-stand-down'] button[type=submit]").click();
    await page.waitForURL(/done=1/);
    assert.match(await page.textContent("#main"), /收队中/);
  });
});
