// A member's own pages in a real browser, at a desk and on a phone.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { readFileSync } from "node:fs";

import { DESKTOP, PHONE, forgetOutage, inspect, launch, open, reloadUntil, signIn, weigh } from "./browser.mjs";
import { callForHelp, dispatcherOf } from "./dispatch.mjs";
import { wordDocument } from "./document.mjs";
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

/** A page of somebody of a member, signed in at the member's own node. */
async function atNode(member, viewport, options = {}) {
  const node = demo.nodes.find((one) => one.member === member);
  const page = await open(browser, viewport, options);
  const [{ login, password }] = node.accounts;
  await signIn(page, node.node_web, login, password);
  return { page, web: node.node_web };
}

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
      await weigh(page, `node, shelf, ${size}`);
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
      await weigh(page, `node, emergencies, ${size}`);
      await page.click("text=呼叫支援");
      await inspect(page, `node-call-${size}`);
      await page.goto(`${node.node_web}/aid/went`);
      await inspect(page, `node-went-${size}`);
      await page.goto(`${node.node_web}/aid/offline`);
      await inspect(page, `node-offline-${size}`);
      for (const path of ["/account", "/people"]) {
        await page.goto(`${node.node_web}${path}`);
        await inspect(page, `node${path.replace("/", "-")}-${size}`);
      }
    });
  });
}

describe("a practice with a document", () => {
  const title = "动火前粉尘清扫确认表";
  const bytes = wordDocument(["动火作业前粉尘清扫确认", "一、停机并断电。", "二、湿式清扫十米范围。"]);
  let own;
  let reader;

  before(async () => {
    own = await atNode("hengrui-foundry", DESKTOP);
    reader = await open(browser, PHONE);
    await signIn(reader, demo.web, "safety", demo.passwords.safety);
  });

  it("is published at the node with its Word file", async () => {
    const { page, web } = own;
    await page.goto(`${web}/`);
    await page.click("text=新建实践");
    await page.fill("[name=title]", title);
    await page.fill("[name=body]", "动火前一小时按附表逐项确认，缺一项不开票。");
    await page.check("[name='practice.hazards'][value=dust-explosion]");
    await page.click("button[value=publish]");
    await page.waitForSelector("[role=status]");
    const mediaType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    await page.setInputFiles("#file", { name: "清扫确认表.docx", mimeType: mediaType, buffer: bytes });
    await page.click("form[action$='/files'] button");
    await page.waitForSelector(".file-name:has-text('清扫确认表.docx')");
    await inspect(page, "node-file");
    await reloadUntil(page, ".paper-facts", "已可检索");
  });

  it("is found and read by another member's people, with the same bytes", async () => {
    await reader.goto(`${demo.web}/?q=${encodeURIComponent(title)}`);
    await reader.click(`.hit-title:has-text("${title}") a`);
    await reader.waitForSelector(".paper h1");
    await reloadUntil(reader, ".files .file");
    await inspect(reader, "publication-file-phone");
    const [download] = await Promise.all([reader.waitForEvent("download"), reader.click(".files .file")]);
    assert.equal(download.suggestedFilename(), "清扫确认表.docx");
    assert.deepEqual(readFileSync(await download.path()), bytes);
  });
});

describe("an order to a member", () => {
  let wang;
  let phone;
  let web;

  before(async () => {
    wang = await dispatcherOf(browser, demo, DESKTOP);
    ({ page: phone, web } = await atNode("hengrui-foundry", PHONE));
  });

  const card = () => phone.locator(".aid-card", { hasText: "防爆吸尘" });

  it("appears on the phone by itself", async () => {
    await phone.goto(`${web}/aid`);
    await phone.waitForSelector(".empty");
    const need = { title: "铝粉外泄需要吸尘", kind: "equipment", what: "防爆吸尘车", capability: "金属粉尘回收" };
    await callForHelp(wang, demo, need);
    const order = wang.locator(".candidate", { hasText: "恒锐铸造" }).first().locator(".deed-main");
    await order.locator("summary").click();
    await order.locator("button[type=submit]").click();
    await wang.waitForURL(/done=1/);
    await phone.waitForSelector(".aid-card.waits");
    assert.match(await card().textContent(), /二号码头/);
    await inspect(phone, "aid-asked-phone");
  });

  it("does not take away what is being typed", async () => {
    await card().locator("summary", { hasText: "不能执行" }).click();
    await card().locator("[name='action.refuse.note']").fill("夜班只有两个人");
    const { page: other } = await atNode("hengrui-foundry", DESKTOP);
    await other.goto(`${web}/aid`);
    await inspect(other, "aid-asked-desktop");
    await other.click("text=看到了");
    await phone.waitForSelector("#fresh:not([hidden])");
    assert.match(await phone.textContent("#fresh"), /正在填写/);
    assert.equal(await card().locator("[name='action.refuse.note']").inputValue(), "夜班只有两个人");
    await inspect(phone, "aid-kept-phone");
    await phone.click("#fresh a");
    await phone.waitForSelector("text=/看到$/");
  });

  it("says when the node cannot be reached, and goes on when it can", async () => {
    await phone.context().setOffline(true);
    await phone.waitForSelector("#fresh.lost");
    await phone.context().setOffline(false);
    await phone.waitForSelector("#fresh", { state: "hidden" });
    forgetOutage(phone);
  });

  it("is answered in one tap, which the board shows by itself", async () => {
    await card().locator("button", { hasText: "确认出动" }).click();
    await phone.waitForURL(/done=said/);
    await wang.waitForSelector(".sent-committed");
    await phone.waitForSelector(".aid-card .state:has-text('已确认')");
    await inspect(phone, "aid-confirmed-phone");
    await card().locator("button", { hasText: "已出发" }).click();
    await wang.waitForSelector(".sent-en-route");
    await inspect(wang, "request-under-way");
  });

  it("is answered without a script, too", async () => {
    const { page } = await atNode("hengrui-foundry", PHONE, { javaScriptEnabled: false });
    await page.goto(`${web}/aid`);
    const arrived = page.locator(".aid-card button", { hasText: "已到达现场" });
    await arrived.click();
    assert.match(page.url(), /done=said/);
    await wang.waitForSelector(".sent-on-scene");
  });
});

describe("nodes beside each other on one machine", () => {
  it("do not sign each other's people out", async () => {
    const { page, web } = await atNode("hengrui-foundry", DESKTOP);
    const other = demo.nodes.find((one) => one.member === "chenghu-chem");
    const [{ login, password }] = other.accounts;
    await signIn(page, other.node_web, login, password);
    await page.goto(`${web}/`);
    assert.equal(page.url(), `${web}/`);
    assert.match(await page.textContent(".reader-name"), /恒锐铸造/);
  });
});
