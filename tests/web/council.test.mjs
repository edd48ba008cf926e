// The council's pages, and what others subscribe to, in a real browser.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { DESKTOP, PHONE, inspect, launch, open, reloadUntil, signIn } from "./browser.mjs";
import { callForHelp } from "./dispatch.mjs";
import { startDemo, startFreshHub } from "./park.mjs";

let browser;
let demo;

before(async () => {
  [browser, demo] = await Promise.all([launch(), startDemo()]);
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** A page of the demo's operator, signed in. */
async function operator(viewport) {
  const page = await open(browser, viewport);
  await signIn(page, demo.web, "operator", demo.passwords.operator);
  page.on("dialog", (dialog) => dialog.accept());
  return page;
}

/** Goes to a page of the council by its tab. */
async function go(page, tab) {
  await page.locator(".tabs .tab", { hasText: tab }).click();
  await page.waitForSelector(`.tabs .tab[aria-current]:has-text("${tab}")`);
}

for (const [size, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
  describe(`the council at ${size} width`, () => {
    let page;

    before(async () => {
      page = await operator(viewport);
    });

    it("sees how every member's link is, and looks at one", async () => {
      await page.click("text=理事会");
      await page.waitForSelector(".tabs");
      await reloadUntil(page, "tbody tr:nth-child(6)");
      const rows = page.locator("tbody tr");
      assert.equal(await rows.count(), 6);
      assert.equal(await rows.locator("text=在线").count(), 6);
      const names = await rows.locator("th").allTextContents();
      const sorted = [...names].sort((one, other) => one.localeCompare(other, "zh-CN-u-co-pinyin"));
      assert.deepEqual(names, sorted, "in the order of pinyin");
      await inspect(page, `members-${size}`);
      await page.click("text=恒锐铸造");
      await page.waitForSelector("h1:has-text('恒锐铸造')");
      assert.match(await page.textContent("#quarantine + p"), /没有隔离/);
      await inspect(page, `member-${size}`);
    });

    it("reads charts and their numbers", async () => {
      await callForHelp(page, demo, { title: `铝液泄漏 ${size}`, kind: "supply", what: "干砂", capability: "铝液围堵" });
      await page.goto(`${demo.web}/charts`);
      const charts = page.locator(".chart");
      assert.ok((await charts.count()) >= 5);
      for (const chart of await charts.all()) {
        assert.ok(await chart.locator("svg").first().isVisible());
        assert.notEqual((await chart.locator("h2 + p").textContent()).trim(), "");
      }
      const highest = await page.evaluate(() =>
        Math.max(...[...document.querySelectorAll("#publications ~ figure svg rect.bar")].map((bar) => bar.getBBox().height)),
      );
      assert.ok(highest > 40, `what was published is seen in the chart, not only in numbers: ${highest}`);
      const newest = await page.evaluate(() =>
        Math.max(...[...document.querySelectorAll("#publications ~ figure svg rect.bar")].map((bar) => bar.getBoundingClientRect().right)),
      );
      assert.ok(newest <= page.viewportSize().width, `the newest is in sight without scrolling: ${newest}`);
      await inspect(page, `charts-${size}`);
    });

    it("reads the words of the vocabularies and searches by one", async () => {
      await page.goto(`${demo.web}/vocabulary`);
      assert.ok((await page.locator(".row-main").count()) > 50);
      await inspect(page, `vocabulary-${size}`);
      const used = page.locator(".term-use a").first();
      const count = Number((await used.textContent()).match(/\d+/)[0]);
      await used.click();
      await page.waitForURL(/[?&](hazard|operation|sector)=/);
      assert.ok((await page.textContent("main")).includes(`共 ${count} 条`), `as many as were said: ${count}`);
    });

    it("searches the audit log and checks its chain", async () => {
      await page.goto(`${demo.web}/members`);
      await go(page, "审计");
      await page.fill("#actor", "顾思远");
      await page.click("form[role=search] button");
      await page.waitForURL(/actor=/);
      assert.ok((await page.locator("tbody tr").count()) > 0);
      await inspect(page, `audit-${size}`);
      await page.click("form[action='/audit/check'] button");
      assert.match(await page.textContent(".note.good"), /链条完整/);
      await inspect(page, `audit-checked-${size}`);
    });

    it("adds words that mean the same, which the search knows at once", async () => {
      await page.goto(`${demo.web}/members`);
      await go(page, "同义词");
      const [one, other] = size === "phone" ? ["登高车", "高空作业平台"] : ["行车", "桥式起重机"];
      await page.fill("#terms", `${one}\n${one}`);
      await page.click("form[action='/thesaurus'] .main-button");
      await page.waitForSelector("#terms[aria-invalid]");
      await inspect(page, `thesaurus-wrong-${size}`);
      await page.fill("#terms", `${one}\n${other}`);
      await page.click("form[action='/thesaurus'] .main-button");
      await page.waitForSelector(".note.good");
      await page.fill("#q", one);
      await page.click("form[role=search] button");
      await page.waitForSelector(`text=${one}、${other}`);
      await inspect(page, `thesaurus-${size}`);
      await page.goto(`${demo.web}/?q=${encodeURIComponent(one)}`);
      assert.match(await page.textContent(".note.quiet"), new RegExp(other));
    });

    it("says when nobody would be called", async () => {
      await page.goto(`${demo.web}/alerts`);
      assert.match(await page.textContent("#main"), /尚未配置告警通道/);
      await inspect(page, `alerts-none-${size}`);
    });
  });
}

describe("the operator", () => {
  it("invites a member, suspends another one and takes it back", async () => {
    const page = await operator(DESKTOP);
    await page.goto(`${demo.web}/members`);
    await page.fill("#member_id", "Not an id");
    await page.click("form[action='/members'] .main-button");
    await page.waitForSelector("#member_id[aria-invalid]");
    await inspect(page, "members-wrong");
    await page.fill("#member_id", "xinghe-tools");
    await page.fill("#display_name", "星河工具");
    await page.click("form[action='/members'] .main-button");
    assert.match(await page.inputValue("#line"), /\S{20,}/);
    await inspect(page, "members-invited");

    await page.goto(`${demo.web}/members/lanting-electronics`);
    await page.fill("#reason", "年度复核");
    await page.click("form[action$='/suspend'] button");
    await page.waitForSelector("h1 .state.disabled");
    await inspect(page, "member-suspended");
    await page.goto(`${demo.web}/?member=lanting-electronics`);
    assert.equal(await page.locator(".hit").count(), 0, "its publications are not shown");
    await page.goto(`${demo.web}/members/lanting-electronics`);
    await page.click("form[action$='/reinstate'] button");
    await page.waitForSelector("h1 .state.active, h1 .state.on");
    await page.goto(`${demo.web}/?member=lanting-electronics`);
    assert.ok((await page.locator(".hit").count()) > 0);
  });

  it("tries the alerts, which arrive signed", async () => {
    const letters = [];
    const alarm = createServer((request, answer) => {
      const pieces = [];
      request.on("data", (piece) => pieces.push(piece));
      request.on("end", () => {
        letters.push({ headers: request.headers, body: Buffer.concat(pieces).toString() });
        answer.writeHead(204).end();
        alarm.emit("letter");
      });
    });
    alarm.listen(0, "127.0.0.1");
    await once(alarm, "listening");
    const duty = "[[alerts.duty]]\nname = '沈望舒'\nphone = '139 0000 0001'\nduty = '总值班'\n";
    const hub = await startFreshHub(`[alerts]\nwebhook = 'http://127.0.0.1:${alarm.address().port}/alarm'\n${duty}`);
    try {
      const page = await open(browser, DESKTOP);
      await page.goto(hub.setUp);
      await page.fill("#display_name", "顾思远");
      await page.fill("#login", "gu.siyuan");
      await page.fill("#password", "marble lantern cobalt river");
      await page.click("button[type=submit].main-button");
      await page.goto(`${hub.web}/alerts`);
      const arrives = once(alarm, "letter");
      await page.click("form[action='/alerts/test'] button");
      await page.waitForSelector(".note.good");
      await arrives;
      const [{ headers, body }] = letters;
      const key = Buffer.from(readFileSync(join(hub.data, "webhook.secret"), "utf8").trim().replace("whsec_", ""), "base64");
      const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
      const signature = createHmac("sha256", key).update(signed).digest("base64");
      assert.equal(headers["webhook-signature"], `v1,${signature}`);
      assert.ok(JSON.parse(body).event);
      await page.goto(`${hub.web}/alerts`);
      await reloadUntil(page, "tbody .state.on");
      await inspect(page, "alerts-desktop");
      await page.setViewportSize(PHONE);
      await inspect(page, "alerts-phone");
    } finally {
      await hub.stop();
      alarm.close();
    }
  });
});

describe("what others subscribe to", () => {
  let page;

  before(async () => {
    page = await operator(DESKTOP);
  });

  /** An answer of the API to the session of the page. */
  async function get(path, mediaType) {
    const answer = await page.request.get(`${demo.web}${path}`);
    assert.equal(answer.status(), 200, path);
    assert.ok(answer.headers()["content-type"].startsWith(mediaType), answer.headers()["content-type"]);
    return answer.text();
  }

  /** What a browser's own reader of XML finds in a document, by tag. */
  function tags(text, name) {
    return page.evaluate(
      ([document, wanted]) => {
        const read = new DOMParser().parseFromString(document, "application/xml");
        if (read.querySelector("parsererror")) throw new Error(read.documentElement.textContent);
        return [...read.getElementsByTagNameNS("*", wanted)].map((one) => one.textContent);
      },
      [text, name],
    );
  }

  it("publications and incidents are feeds", async () => {
    const feed = await get("/api/v1/publications.atom?kind=practice", "application/atom+xml");
    const titles = await tags(feed, "title");
    assert.ok(titles.length > 10 && titles.every((title) => title.trim()), titles.join());
    const incidents = await get("/api/v1/incidents.atom", "application/atom+xml");
    assert.match((await tags(incidents, "title")).join(), /铝液泄漏 phone：事件/);
    const cap = /\/api\/v1\/incidents\/[^/"]+\/cap/.exec(incidents)[0];
    const alert = await get(cap, "application/cap+xml");
    assert.deepEqual(await tags(alert, "status"), ["Actual"]);
  });

  it("dates of courses are a calendar", async () => {
    const calendar = await get("/api/v1/courses.ics", "text/calendar");
    const lines = calendar.split("\r\n");
    assert.equal(lines[0], "BEGIN:VCALENDAR");
    assert.ok(lines.every((line) => Buffer.byteLength(line) <= 75), "no line is longer than 75 bytes");
    const count = (line) => lines.filter((one) => one === line).length;
    assert.ok(count("BEGIN:VEVENT") > 0);
    assert.equal(count("BEGIN:VEVENT"), count("END:VEVENT"));
  });

  it("the API says what it has, and has it", async () => {
    const document = JSON.parse(await get("/api/v1/openapi.json", "application/json"));
    assert.match(document.openapi, /^3\.1/);
    const plain = Object.keys(document.paths).filter((path) => !path.includes("{"));
    assert.ok(plain.length >= 7, plain.join());
    for (const path of plain) {
      const answers = document.paths[path].get.responses["200"].content;
      await get(path, Object.keys(answers)[0]);
    }
    const stranger = await open(browser, DESKTOP);
    const answer = await stranger.request.get(`${demo.web}/api/v1/search`);
    assert.equal(answer.status(), 401);
    assert.ok((await answer.json()).error.reason, "a program is told why");
  });
});
