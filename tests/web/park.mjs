// A demo park and a fresh hub, as real processes, from the binaries that cargo built.

import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const BUILT = process.env.SHOUWANG_PROGRAMS ?? join(HERE, "../../target/debug");

/** A folder with copies of the programs: beside cargo's own they would ask cargo whether they are new. */
function programs() {
  const folder = mkdtempSync(join(tmpdir(), "shouwang-web-"));
  for (const name of ["shouwang", "shouwang-hub", "shouwang-node"]) {
    copyFileSync(join(BUILT, name), join(folder, name));
  }
  return folder;
}

function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    child.once("exit", done);
    child.kill("SIGTERM");
  });
}

async function demoOn(folder) {
  const child = spawn(join(folder, "shouwang"), ["demo", "--data", join(folder, "demo"), "--output", "json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const ready = await new Promise((done, fail) => {
    lines.once("line", (line) => done(JSON.parse(line)));
    child.once("exit", (code) => fail(new Error(`the demo ended with ${code}`)));
  });
  return { child, ready };
}

/** Starts `shouwang demo` and waits for its ready line. `end` and `begin` let it go away and come back where it was. */
export async function startDemo() {
  const folder = programs();
  let { child, ready } = await demoOn(folder);
  const { web, accounts } = ready;
  return {
    web,
    nodes: ready.nodes,
    passwords: Object.fromEntries(accounts.map(({ login, password }) => [login, password])),
    end: () => end(child),
    begin: async () => {
      ({ child, ready } = await demoOn(folder));
      if (ready.web !== web) throw new Error(`the demo came back at ${ready.web}`);
    },
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a hub that nobody has an account at yet, with the text of a file of settings. */
export async function startFreshHub(settings = "") {
  const folder = programs();
  const data = join(folder, "hub");
  const config = join(folder, "hub.toml");
  writeFileSync(config, settings);
  const any = "127.0.0.1:0";
  const listen = ["--people-listen", any, "--nodes-listen", any, "--web-listen", any];
  const child = spawn(join(folder, "shouwang-hub"), ["serve", "--config", config, "--data", data, ...listen], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout });
  // The link is printed when the hub is ready, for whoever stands at the terminal.
  const setUp = await new Promise((done, fail) => {
    lines.on("line", (line) => {
      const found = /https?:\/\/\S+\/link\/\S+/.exec(line);
      if (found) done(found[0]);
    });
    child.once("exit", (code) => fail(new Error(`the hub ended with ${code}`)));
  });
  const file = join(data, "ready.json");
  const ready = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  return {
    data,
    setUp,
    web: ready.web,
    people: ready.people,
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
