// The pages in a real browser, at a desk and on a phone.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { DESKTOP, PHONE, inspect, launch, open, signIn, weigh } from "./browser.mjs";
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

describe("the first start", () => {
  it("prints a link that makes the first operator, once", async () => {
    const hub = await startFreshHub();
    try {
      const page = await open(browser, DESKTOP);
      await page.goto(hub.setUp);
      await inspect(page, "set-up");
      await page.fill("#display_name", "顾思远");
      await page.fill("#login", "gu.siyuan");
      await page.fill("#password", "too short");
      await page.click("button[type=submit].main-button");
      assert.match(await page.textContent("#password-wrong"), /12/);
      await inspect(page, "set-up-wrong");
      await page.fill("#password", "marble lantern cobalt river");
      await page.click("button[type=submit].main-button");
      await page.waitForURL(`${hub.web}/`);
      assert.match(await page.textContent(".reader-name"), /顾思远/);
      await inspect(page, "empty-hub");

      const other = await open(browser, DESKTOP);
      const again = await other.goto(hub.setUp);
      assert.equal(again.status(), 400);
      await inspect(other, "link-used");

      // A browser speaks to the people port, too, under the alliance's own authority.
      const secure = await open(browser, DESKTOP, { ignoreHTTPSErrors: true });
      await secure.goto(`https://${hub.people}/login`);
      await secure.fill("#login", "gu.siyuan");
      await secure.fill("#password", "marble lantern cobalt river");
      await secure.click("button[type=submit].main-button");
      await secure.waitForURL(`https://${hub.people}/`);
      const names = (await secure.context().cookies()).map((one) => [one.name, one.secure, one.httpOnly]);
      assert.deepEqual(names.sort(), [
        ["__Host-shouwang-device", true, true],
        ["__Host-shouwang-session", true, true],
      ]);
    } finally {
      await hub.stop();
    }
  });
});

for (const [size, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
  describe(`search at ${size} width`, () => {
    let page;

    before(async () => {
      page = await open(browser, viewport);
    });

    it("asks to sign in and then goes where one wanted", async () => {
      await page.goto(`${demo.web}/?q=${encodeURIComponent("有限空间 通风")}`);
      await inspect(page, `login-${size}`);
      await page.fill("#login", "safety");
      await page.fill("#password", "wrong password!");
      await page.click("button[type=submit].main-button");
      assert.match(await page.textContent("[role=alert]"), /不正确/);
      await inspect(page, `login-wrong-${size}`);
      await page.fill("#password", demo.passwords.safety);
      await page.click("button[type=submit].main-button");
      await page.waitForURL(/q=/);
      assert.ok((await page.locator(".hit").count()) > 0);
      assert.ok((await page.locator(".hit mark").count()) > 0, "what was searched for is marked");
      await weigh(page, `search, first visit, ${size}`);
      await page.reload();
      await weigh(page, `search, again, ${size}`);
      await inspect(page, `search-${size}`);
    });

    it("suggests while typing and finds by pinyin initials", async () => {
      await page.goto(`${demo.web}/`);
      await inspect(page, `browse-${size}`);
      await page.locator("#q").pressSequentially("yxkj", { delay: 30 });
      await page.waitForSelector("#suggestions [role=option]");
      await page.keyboard.press("ArrowDown");
      const chosen = await page.inputValue("#q");
      assert.match(chosen, /有限空间/);
      assert.equal(await page.getAttribute("#q", "aria-activedescendant"), "suggestion-0");
      await inspect(page, `suggest-${size}`);
      await page.keyboard.press("Escape");
      assert.equal(await page.inputValue("#q"), "yxkj", "Escape gives back what was typed");
      assert.ok(await page.isHidden("#suggestions"));
      await page.keyboard.press("ArrowDown");
      await page.waitForSelector("#suggestions [role=option]");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForURL(/q=/);
      assert.ok((await page.locator(".hit").count()) > 0);
    });

    it("narrows by a facet, keeps it in the address, and takes it back", async () => {
      await page.goto(`${demo.web}/?q=${encodeURIComponent("动火")}`);
      const before = await page.textContent(".total strong");
      if (size === "phone") await page.click(".narrow-label");
      const facet = page.locator(".facet", { hasText: "单位" }).locator(".choice").first();
      const count = (await facet.locator(".count").textContent()).trim();
      await facet.click();
      await page.waitForURL(/member=/);
      await page.waitForSelector(".chip");
      assert.match(await page.textContent(".total strong"), new RegExp(`\\b${count}\\b`));
      await inspect(page, `facet-${size}`);
      await page.locator(".chip").first().click();
      await page.waitForURL((url) => !url.search.includes("member="));
      await page.waitForSelector(".chip", { state: "detached" });
      assert.equal(await page.textContent(".total strong"), before);
      await page.click("#tab-resource");
      await page.waitForURL(/kind=resource/);
      await page.waitForSelector("#tab-resource[aria-current]");
      assert.equal(await page.locator(".hit:not(.resource)").count(), 0);
      await page.goBack();
      await page.waitForSelector("#tab-[aria-current]");
    });

    it("turns pages and comes back", async () => {
      await page.goto(`${demo.web}/`);
      const first = await page.locator(".hit-title").first().textContent();
      await page.locator(".pager .button").last().click();
      await page.waitForURL(/page=2/);
      await page.waitForFunction((title) => document.querySelector(".hit-title").textContent !== title, first);
      await page.locator(".pager .button").first().click();
      await page.waitForFunction((title) => document.querySelector(".hit-title").textContent === title, first);
    });

    it("says what to do when nothing fits, and guesses a misspelling", async () => {
      await page.goto(`${demo.web}/?q=${encodeURIComponent("zzzxqj")}`);
      assert.ok(await page.isVisible(".empty"));
      await inspect(page, `nothing-${size}`);
      await page.goto(`${demo.web}/?q=${encodeURIComponent("动伙作业")}`);
      assert.match(await page.textContent("#found"), /动火作业/);
    });

    it("shows a publication of each kind", async () => {
      for (const kind of ["practice", "course", "resource"]) {
        await page.goto(`${demo.web}/?kind=${kind}`);
        await page.locator(".hit-title a").first().click();
        await page.waitForSelector(`.paper.${kind} h1`);
        await inspect(page, `${kind}-${size}`);
        if (kind === "practice") await weigh(page, `publication, ${size}`);
        await page.click(".way-back a");
        await page.waitForURL(new RegExp(`kind=${kind}`));
      }
    });

    it("speaks English", async () => {
      await page.goto(`${demo.web}/?q=LOTO`);
      await page.click(".tongue");
      await page.waitForSelector("html[lang=en]");
      assert.match(await page.textContent(".total"), /publication/);
      await inspect(page, `english-${size}`);
      await page.locator(".hit-title a").first().click();
      await page.waitForSelector(".paper");
      await inspect(page, `english-publication-${size}`);
      await page.click(".tongue");
      await page.waitForSelector("html[lang=zh-CN]");
    });

    it("has a page for the own account", async () => {
      await page.goto(`${demo.web}/account`);
      await page.fill("#label", "报表程序");
      await page.click("form[action='/account/tokens'] button");
      const token = await page.inputValue("#secret");
      await inspect(page, `account-${size}`);
      const answer = await page.request.get(`${demo.web}/api/v1/search?q=${encodeURIComponent("动火")}`, {
        headers: { authorization: `Bearer ${token}`, cookie: "" },
      });
      assert.equal(answer.status(), 200);
      const found = await answer.json();
      assert.ok(found.total > 0 && found.hits[0].title.text, "the contract's own names");
      const [, member, , record] = found.hits[0].name.split("/");
      const whole = await page.request.get(`${demo.web}/api/v1/publications/${member}/${record}`, {
        headers: { authorization: `Bearer ${token}`, cookie: "" },
      });
      assert.equal((await whole.json()).title, found.hits[0].title.text);
      await page.locator(".rows form button").first().click();
      const refused = await page.request.get(`${demo.web}/api/v1/search`, {
        headers: { authorization: `Bearer ${token}`, cookie: "" },
      });
      assert.equal(refused.status(), 401);
    });
  });
}

describe("the operator", () => {
  it("invites somebody who then signs in, and takes the account out of use", async () => {
    const page = await open(browser, DESKTOP);
    await signIn(page, demo.web, "operator", demo.passwords.operator);
    await page.click("text=人员");
    await page.fill("#display_name", "林知夏");
    await page.selectOption("#post", "safety-manager");
    await page.click("form[action='/people'] button");
    assert.ok(await page.isVisible("#member-wrong"), "a safety manager needs a member");
    await page.selectOption("#member", { label: "北川冷链" });
    await page.click("form[action='/people'] button");
    const link = await page.inputValue("#address");
    await inspect(page, "people");

    const guest = await open(browser, PHONE);
    await guest.goto(link);
    await inspect(guest, "invited-phone");
    await guest.fill("#login", "lin.zhixia");
    await guest.fill("#password", "kettle otter vivid moss");
    await guest.click("button[type=submit].main-button");
    await guest.waitForURL(`${demo.web}/`);

    page.on("dialog", (dialog) => dialog.accept());
    await page.goto(`${demo.web}/people`);
    await page.locator("tr", { hasText: "林知夏" }).locator(".danger").click();
    await page.waitForSelector("tr:has-text('林知夏') .state.disabled");
    await guest.goto(`${demo.web}/`);
    assert.match(guest.url(), /login/, "who is taken out of use is out at once");
    await page.setViewportSize(PHONE);
    await inspect(page, "people-phone");
  });

  it("has pages that others may not see, and says so", async () => {
    const page = await open(browser, DESKTOP);
    await signIn(page, demo.web, "dispatcher", demo.passwords.dispatcher);
    const refused = await page.goto(`${demo.web}/people`);
    assert.equal(refused.status(), 403);
    await inspect(page, "forbidden");
    const missing = await page.goto(`${demo.web}/no/such/page`);
    assert.equal(missing.status(), 404);
    await inspect(page, "missing");
  });
});

describe("by keyboard alone", () => {
  it("one signs in, searches, opens a publication and signs out", async () => {
    const page = await open(browser, DESKTOP);
    const keys = page.keyboard;
    await page.goto(`${demo.web}/login`);
    const to = async (selector) => {
      for (let step = 0; step < 80; step += 1) {
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
        await keys.press("Tab");
      }
      assert.fail(`Tab does not lead to ${selector}`);
    };
    await keys.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement.matches(".skip")), "first comes the way to the content");
    await to("#login");
    await keys.type("safety");
    await keys.press("Tab");
    await keys.type(demo.passwords.safety);
    await keys.press("Enter");
    await page.waitForURL(`${demo.web}/`);
    await keys.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "q");
    await keys.type("粉尘 清扫");
    await keys.press("Enter");
    await page.waitForURL(/q=/);
    await to(".hit-title a");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, "none", "the focus is seen");
    await keys.press("Enter");
    await page.waitForSelector(".paper");
    await to(".head form button");
    await keys.press("Enter");
    await page.waitForURL(/login/);
  });
});

describe("without script", () => {
  it("one signs in, searches, narrows, reads and chooses a language", async () => {
    const page = await open(browser, PHONE, { javaScriptEnabled: false });
    await page.goto(`${demo.web}/`);
    await page.fill("#login", "safety");
    await page.fill("#password", demo.passwords.safety);
    await page.click("button[type=submit].main-button");
    await page.fill("#q", "叉车");
    await page.click(".ask .main-button");
    assert.match(page.url(), /q=/);
    assert.ok((await page.locator(".hit").count()) > 0);
    await page.click(".narrow-label");
    await page.locator(".choice").first().click();
    assert.ok(await page.isVisible(".chip"));
    await page.locator(".hit-title a").first().click();
    assert.ok(await page.isVisible(".paper h1"));
    assert.equal(await page.locator("[data-print]:visible").count(), 0, "no button that does nothing");
    await page.click(".tongue");
    assert.equal(await page.getAttribute("html", "lang"), "en");
  });
});

describe("in the dark", () => {
  it("is as readable", async () => {
    const page = await open(browser, DESKTOP, { colorScheme: "dark" });
    await signIn(page, demo.web, "safety", demo.passwords.safety);
    await page.goto(`${demo.web}/?q=${encodeURIComponent("有限空间 通风 检测")}`);
    await inspect(page, "dark-search");
    await page.locator(".hit-title a").first().click();
    await page.waitForSelector(".paper");
    await inspect(page, "dark-publication");
  });
});
