// A member's own pages in a real browser, at a desk and on a phone.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { DESKTOP, PHONE, inspect, launch, open, signIn } from "./browser.mjs";
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

for (const [size, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
  describe(`a node at ${size} width`, () => {
    let page;
    let node;

    before(async () => {
      node = demo.nodes.find((one) => one.member === "hengrui-foundry");
      page = await open(browser, viewport);
    });

    it("shows its shelf to whoever is signed in", async () => {
      await page.goto(`${node.node_web}/`);
      await inspect(page, `node-login-${size}`);
      const [{ login, password }] = node.accounts;
      await signIn(page, node.node_web, login, password);
      assert.ok((await page.locator(".hit").count()) > 5);
      await inspect(page, `node-shelf-${size}`);
    });

    it("says beside each field what is wrong, and publishes when nothing is", async () => {
      await page.goto(`${node.node_web}/new/resource`);
      await inspect(page, `node-new-${size}`);
      await page.fill("[name=title]", `移动照明车 ${size}`);
      await page.selectOption("[name='resource.resource_kind']", "vehicle");
      await page.fill("[name='resource.resource_type']", "移动照明车");
      await page.fill("[name='resource.quantity']", "两台");
      await page.fill("[name='resource.muster_minutes']", "10");
      await page.fill("[name='resource.duty_contacts[0].name']", "值班室");
      await page.fill("[name='resource.duty_contacts[0].phone']", "0512-555 0110");
      await page.click("button[value=publish]");
      await page.waitForSelector("[name='resource.quantity'][aria-invalid]");
      assert.equal(await page.inputValue("[name='resource.duty_contacts[0].phone']"), "0512-555 0110");
      await inspect(page, `node-wrong-${size}`);
      await page.fill("[name='resource.quantity']", "2");
      await page.click("button[value=publish]");
      await page.waitForSelector("[role=status]");
      await inspect(page, `node-own-${size}`);
      await page.click("text=撤回发布");
      await inspect(page, `node-withdraw-${size}`);
    });

    it("calls for help and finds who nearby has something", async () => {
      await page.goto(`${node.node_web}/aid`);
      await inspect(page, `node-aid-${size}`);
      await page.click("text=呼叫支援");
      await inspect(page, `node-call-${size}`);
      await page.goto(`${node.node_web}/aid/offline`);
      await inspect(page, `node-offline-${size}`);
      for (const path of ["/account", "/people"]) {
        await page.goto(`${node.node_web}${path}`);
        await inspect(page, `node${path.replace("/", "-")}-${size}`);
      }
    });
  });
}
