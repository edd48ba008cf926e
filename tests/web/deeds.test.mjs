// What a dispatcher does less often: changes and merges requests, plans jointly, closes an area, books an offer.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { DESKTOP, PHONE, inspect, launch } from "./browser.mjs";
import { askAgain, callForHelp, dispatcherOf } from "./dispatch.mjs";
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

const crane = (title) => ({ title, kind: "vehicle", what: "汽车起重机", capability: "重物移除" });

for (const [size, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
  describe(`a dispatcher at ${size} width`, () => {
    let page;
    let first;

    before(async () => {
      page = await dispatcherOf(browser, demo, viewport);
      first = await callForHelp(page, demo, crane(`三号库需要吊车 ${size}`));
    });

    it("has a form for aid that came by itself", async () => {
      await page.goto(first);
      await page.click("text=登记自行到达的支援");
      await page.waitForSelector("form[action$='/self-deployed'] select");
      await inspect(page, `arrived-${size}`);
    });

    it("changes a request", async () => {
      await page.goto(first);
      await page.click("a[href$='/amend']");
      await page.waitForSelector(".new-form");
      await inspect(page, `amend-${size}`);
      // What a browser would not hold back, the hub names beside its field.
      await page.fill("[name='request.contact.phone']", "打不通");
      await page.click(".new-form button[type=submit]");
      await page.waitForSelector("[aria-invalid=true]");
      await inspect(page, `amend-wrong-${size}`);
      await page.fill("[name='request.contact.phone']", "13900000001");
      await page.fill("[name='request.title']", `四号库需要吊车 ${size}`);
      await page.click(".new-form button[type=submit]");
      await page.waitForURL(/done=1/);
      assert.match(await page.textContent("h1"), /四号库/);
    });

    it("asks for a joint plan and orders a line of it", async () => {
      await page.goto(`${demo.web}/board/plans`);
      await inspect(page, `plans-${size}`);
      await page.locator("form[action^='/board/plans'] button[type=submit]").first().click();
      await page.waitForURL(/\/board\/plans\/[0-9a-f-]+/);
      await page.waitForSelector("#costs");
      await inspect(page, `plan-${size}`);
      await page.locator(".candidate .deeds summary").first().click();
      await page.locator(".candidate .deeds form button[type=submit]").first().click();
      await page.waitForSelector(".candidate-head .state.on");
      await inspect(page, `plan-ordered-${size}`);
    });

    it("closes an area around the incident, and opens it again", async () => {
      await page.goto(`${demo.web}/board/map`);
      await page.locator(".deeds summary").first().click();
      await inspect(page, `closure-${size}`);
      await page.fill("[name=reason]", "氨气扩散");
      await page.locator(".deeds form button[type=submit]").first().click();
      await page.waitForURL(/done=1/);
      assert.match(await page.textContent("#main"), /氨气扩散/);
      await inspect(page, `closed-${size}`);
      await page.locator("tr:has-text('氨气扩散') summary").first().click();
      await page.locator("tr:has-text('氨气扩散') form button[type=submit]").first().click();
      await page.waitForFunction(() => !document.querySelector("#main").textContent.includes("氨气扩散"));
    });

    it("merges a report of the same emergency into the first", async () => {
      await askAgain(page, demo, `三号库需要吊车 ${size}：事件`, crane(`四号库又报 ${size}`));
      await page.click("a[href$='/merge']");
      await page.waitForSelector("h1");
      await inspect(page, `merge-${size}`);
      await page.locator(".deeds summary").first().click();
      await page.locator(".deeds form button[type=submit]").first().click();
      await page.waitForURL(/done=1/);
    });
  });
}
