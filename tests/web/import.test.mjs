// Documents as members have them, brought to a node in a browser: a workbook, a table in GBK, a Word text, something else.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { DESKTOP, PHONE, inspect, launch, open, signIn } from "./browser.mjs";
import { wordDocument } from "./document.mjs";
import { startDemo } from "./park.mjs";

const EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
// “标题,正文” and two rows, the second without a title: 登高作业先验带 / 高挂低用。/ (empty) / 无标题。 In GBK.
const GBK = Buffer.from(
  "b1eacce22cd5fdcec40ab5c7b8dfd7f7d2b5cfc8d1e9b4f82cb8dfb9d2b5cdd3c3a1a30a2ccedeb1eacce2a1a30a",
  "hex",
);

let browser;
let demo;

before(async () => {
  [browser, demo] = await Promise.all([launch(), startDemo()]);
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** Chooses a file on the page that imports, and looks at what is in it. */
async function look(page, web, file, kind) {
  await page.goto(`${web}/import`);
  if (kind) await page.selectOption("#kind", kind);
  await page.setInputFiles("#file", file);
  await page.click("form[action='/import'] button[type=submit]");
}

for (const [size, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
  describe(`import at a node at ${size} width`, () => {
    let page;
    let web;

    before(async () => {
      const node = demo.nodes.find((one) => one.member === "lanting-electronics");
      web = node.node_web;
      page = await open(browser, viewport);
      const [{ login, password }] = node.accounts;
      await signIn(page, web, login, password);
    });

    it("takes back the workbook that it exports, and changes nothing by that", async () => {
      await page.goto(`${web}/import`);
      await inspect(page, `node-import-${size}`);
      const workbook = await (await page.request.get(`${web}/export`)).body();
      assert.equal(workbook.subarray(0, 2).toString(), "PK");
      await look(page, web, { name: "本单位.xlsx", mimeType: EXCEL, buffer: workbook });
      await page.waitForSelector(".import-rows .hit");
      assert.equal(await page.locator(".import-rows .state.disabled").count(), 0, "every row is right");
      await inspect(page, `node-import-preview-${size}`);
      await page.click("button[value=publish]");
      await page.waitForSelector("[role=status]");
      const [created, revised, unchanged, refused] = await page.locator("[role=status] dd").allTextContents();
      assert.deepEqual([created, revised, refused], ["0", "0", "0"]);
      assert.ok(Number(unchanged) > 20, unchanged);
      await inspect(page, `node-import-done-${size}`);
    });

    it("reads a table in GBK, and says which row is wrong and why", async () => {
      await look(page, web, { name: "经验.csv", mimeType: "text/csv", buffer: GBK }, "practice");
      await page.waitForSelector(".import-rows .state.disabled");
      assert.match(await page.textContent(".import-rows"), /登高作业先验带/);
      assert.match(await page.textContent(".import-findings .wrong"), /标题/);
      await inspect(page, `node-import-gbk-${size}`);
    });

    it("fills in the form from a Word text", async () => {
      const bytes = wordDocument(["受限空间作业票填写办法", "一、先检测，后填票。"]);
      const type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
      await look(page, web, { name: "作业票.docx", mimeType: type, buffer: bytes });
      await page.waitForSelector("[name=body]");
      assert.match(await page.inputValue("[name=body]"), /先检测，后填票/);
      await inspect(page, `node-import-word-${size}`);
    });

    it("says of something else that it cannot be read", async () => {
      await look(page, web, { name: "台账.xlsx", mimeType: EXCEL, buffer: Buffer.from("no workbook") });
      await page.waitForSelector("[role=alert]");
      await inspect(page, `node-import-unreadable-${size}`);
    });
  });
}
