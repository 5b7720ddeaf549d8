// Asks the server, and tells a refusal from a connection that is gone.
import { csrf } from "../js/words.js";
import { say } from "./say.js";

/** The server has answered no; `answer` holds its errors or conflicts. */
export class Refusal extends Error {
  constructor(status, answer) {
    super(answer.message || say("服务器没有接受（{status}）", { status }));
    this.status = status;
    this.answer = answer;
  }
}

/** Nothing came back, or the server is not itself: the same may be tried again. */
export class Lost extends Error {}

export class Api {
  constructor(base) { this.base = base; }

  async ask(method, path, body, signal) {
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-CSRFToken"] = csrf();
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(this.base + path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Lost(say("连接中断"));
    }
    if (answer.redirected && answer.url.includes("/login")) throw new Refusal(401, { message: say("登录已失效，请重新登录") });
    const json = answer.headers.get("Content-Type")?.includes("json");
    if (answer.status >= 500 || (answer.ok && !json)) throw new Lost(say("服务器暂时没有应答"));
    const found = json ? await answer.json() : {};
    if (!answer.ok) throw new Refusal(answer.status, found);
    return found;
  }

  get(path, signal) { return this.ask("GET", path, undefined, signal); }
  post(path, body = {}, signal) { return this.ask("POST", path, body, signal); }
}
