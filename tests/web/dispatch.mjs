// What dispatchers do in more than one test.

import { open, signIn } from "./browser.mjs";

/** A page of a dispatcher of the demo, signed in. */
export async function dispatcherOf(browser, demo, viewport, login = "dispatcher") {
  const page = await open(browser, viewport);
  await signIn(page, demo.web, login, demo.passwords[login]);
  return page;
}

/** Opens an incident with a request for one thing, and gives the address of the request. */
export async function callForHelp(page, demo, aid) {
  await page.goto(`${demo.web}/board/new`);
  await page.fill("[name='incident.title']", `${aid.title}：事件`);
  await page.fill("[name='incident.place.address']", "二号码头");
  return ask(page, aid);
}

/** Sends one more request for an incident that goes on, from the board. */
export async function askAgain(page, demo, incident, aid) {
  await page.goto(`${demo.web}/board`);
  await page.locator(`.incident:has-text("${incident}")`).getByText("追加请求").click();
  return ask(page, aid);
}

async function ask(page, { title, kind, what, capability }) {
  await page.selectOption("[name='request.requester']", { index: 0 });
  await page.fill("[name='request.title']", title);
  await page.fill("[name='request.contact.name']", "李工");
  await page.fill("[name='request.contact.phone']", "13900000000");
  await page.selectOption("[name='request.lines[0].resource_kind']", kind);
  await page.fill("[name='request.lines[0].what']", what);
  await page.fill("[name='request.lines[0].capabilities']", capability);
  await page.click(".new-form button[type=submit]");
  await page.waitForURL(/\/board\/requests\/[0-9a-f-]+/);
  return page.url().split("?")[0];
}
